// The page `/console/liveness/try`: makes a session, shows AWS's component, and says what the session has come to.
import { showFaceLiveness } from '/regard/v1/liveness/assets/liveness.js';

const REGION = 'us-east-1';
const ASSETS = new URL('/regard/v1/liveness/assets/', location.href).href;
const element = (id) => document.getElementById(id);
const show = (id) => {
  ['begin', 'check', 'result'].forEach((one) => (element(one).hidden = one !== id));
  document.querySelector('h1').hidden = id === 'check'; // a phone's whole screen is the check's
};

function complain(sentence) {
  element('fault').textContent = sentence;
  element('fault').hidden = sentence === '';
}

// Signature Version 4, of requests to this server.

const text = new TextEncoder();
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const digest = async (words) => hex(await crypto.subtle.digest('SHA-256', text.encode(words)));

async function mac(key, words) {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return crypto.subtle.sign('HMAC', imported, text.encode(words));
}

async function call({ keyId, secret }, path, body, more = {}) {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [time.slice(0, 8), REGION, 'rekognition', 'aws4_request'];
  const headers = { host: location.host, 'x-amz-date': time, ...more };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const request = ['POST', path, '', lines, names.join(';'), await digest(body)].join('\n');
  let key = text.encode(`AWS4${secret}`);
  for (const part of scope) {
    key = await mac(key, part);
  }
  const signature = hex(await mac(key, ['AWS4-HMAC-SHA256', time, scope.join('/'), await digest(request)].join('\n')));
  delete headers.host;
  headers.authorization =
    `AWS4-HMAC-SHA256 Credential=${keyId}/${scope.join('/')}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const answer = await fetch(path, { method: 'POST', headers, body });
  const content = await answer.json();
  if (!answer.ok) {
    throw new Error(content.message ?? content.Message ?? `The server answered ${answer.status}.`);
  }
  return content;
}

const rekognition = (key, operation, params) =>
  call(key, '/', JSON.stringify(params), {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `RekognitionService.${operation}`,
  });

async function sessionCredentials(key, sessionId) {
  const path = `/regard/v1/face-liveness-sessions/${sessionId}/credentials`;
  const made = await call(key, path, '{}', { 'content-type': 'application/json' });
  return {
    accessKeyId: made.AccessKeyId,
    secretAccessKey: made.SecretAccessKey,
    sessionToken: made.SessionToken,
    expiration: new Date(typeof made.Expiration === 'number' ? made.Expiration * 1000 : made.Expiration),
  };
}

// Where the component's WebSocket goes: it speaks to wss: alone, with a certificate that the browser trusts.

async function tlsEndpoint() {
  if (location.protocol === 'https:') {
    return location.origin;
  }
  const port = document.documentElement.dataset.tlsPort;
  if (!port) {
    throw new Error('This server has no certificate, and the component takes one: run `regard tls make` and start the server again.');
  }
  const endpoint = `https://${location.hostname}:${port}`;
  try {
    await fetch(`${endpoint}/healthz`, { mode: 'no-cors', cache: 'no-store' });
  } catch {
    throw new Error(
      `This browser doesn't trust the certificate of ${endpoint}. Open ${endpoint}/console/liveness/try and accept it, or have ` +
        'the browser trust data/tls/ca.pem, as `regard tls make` explains.',
    );
  }
  return endpoint;
}

// The form, the check, the result.

async function givenKey() {
  const [file] = element('file').files;
  const content = file === undefined ? '' : await file.text();
  const read = (name) => content.match(new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, 'm'))?.[1];
  const keyId = element('key-id').value.trim() || read('aws_access_key_id');
  const secret = element('secret').value.trim() || read('aws_secret_access_key');
  if (!keyId || !secret) {
    throw new Error('Choose an AWS credentials file, or give an access key and its secret.');
  }
  return { keyId, secret };
}

async function begin() {
  const [key, endpoint] = [await givenKey(), await tlsEndpoint()];
  const challenge = document.querySelector('input[name=challenge]:checked').value;
  const { SessionId: sessionId } = await rekognition(key, 'CreateFaceLivenessSession', {
    Settings: { ChallengePreferences: [{ Type: challenge }], AuditImagesLimit: 4 },
  });
  show('check');
  // The SDK asks for credentials that end within five minutes again at each signature, and a stream has one key.
  const made = sessionCredentials(key, sessionId);
  const remove = showFaceLiveness(element('check'), {
    sessionId,
    endpoint,
    assets: ASSETS,
    credentials: () => made,
    onAnalysisComplete: async () => {
      try {
        present(await rekognition(key, 'GetFaceLivenessSessionResults', { SessionId: sessionId }));
      } catch (error) {
        complain(error.message);
        show('begin');
      }
      remove();
    },
    // The component says itself what went wrong, and offers to try again; a session is good for one check.
    onError: ({ state, error }) => complain([state, error?.message].filter(Boolean).join(': ')),
    onUserCancel: () => {
      remove();
      show('begin');
    },
  });
}

function picture(title, image) {
  const figure = document.createElement('figure');
  const shown = document.createElement('img');
  const caption = document.createElement('figcaption');
  shown.src = `data:image/jpeg;base64,${image.Bytes}`;
  shown.alt = caption.textContent = title;
  figure.append(shown, caption);
  return figure;
}

function present(result) {
  const facts = {
    Session: result.SessionId,
    Status: result.Status,
    Confidence: result.Confidence === undefined ? undefined : `${result.Confidence.toFixed(1)} %`,
    Challenge: result.Challenge?.Type,
    Feedback: result.Feedback?.map(({ Code, Message }) => Message ?? Code).join(' '),
  };
  element('facts').replaceChildren(
    ...Object.entries(facts)
      .filter(([, value]) => value)
      .flatMap(([name, value]) => [['dt', name], ['dd', value]])
      .map(([tag, value]) => Object.assign(document.createElement(tag), { textContent: value })),
  );
  const images = [['Reference', result.ReferenceImage], ...(result.AuditImages ?? []).map((image) => ['Audit', image])];
  element('pictures').replaceChildren(...images.filter(([, image]) => image?.Bytes).map(([title, image]) => picture(title, image)));
  show('result');
}

element('begin').addEventListener('submit', (event) => {
  event.preventDefault();
  complain('');
  begin().catch((error) => complain(error.message));
});
element('again').addEventListener('click', () => location.reload());
