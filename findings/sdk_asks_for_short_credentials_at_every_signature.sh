#!/usr/bin/env bash
# AWS SDK for JavaScript: credentials that live for less than five minutes are never kept; the provider is asked at each signature.
#
# Version:   @aws-sdk/client-rekognition 3.1142.0, Node.js 20
# Date:      2026-11-30
# Behaviour: a client keeps what a provider of credentials gave until five minutes before its `expiration`. What lives for
#            less is asked for again with every request, twice, and nothing says so: the calls go through. A stream of events
#            is signed with one key from its first frame to its last, so there the second answer must equal the first.
# Seen:      8 requests, credentials without expiration: the provider is asked once
#            for 10 minutes:                             once
#            for 3 minutes:                              17 times
# One would have guessed that credentials are good until they expire. Whoever hands a browser credentials for one short
# session (as for a check of liveness, which lasts three minutes) leaves the expiration out, or has the provider remember
# them. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-audit --no-fund @aws-sdk/client-rekognition@3.1142.0

cat >ask.mjs <<'JAVASCRIPT'
import { createServer } from 'node:http';
import { ListCollectionsCommand, RekognitionClient } from '@aws-sdk/client-rekognition';

const REQUESTS = 8;
const server = createServer((request, answer) => {
  request.resume();
  request.on('end', () => answer.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end('{}'));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

async function asked(minutes) {
  let times = 0;
  const client = new RekognitionClient({
    endpoint: `http://127.0.0.1:${server.address().port}`,
    region: 'us-east-1',
    credentials: async () => {
      times += 1;
      const lasting = minutes === undefined ? {} : { expiration: new Date(Date.now() + minutes * 60_000) };
      return { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', ...lasting };
    },
  });
  for (let number = 0; number < REQUESTS; number += 1) {
    await client.send(new ListCollectionsCommand({}));
  }
  client.destroy();
  return times;
}

const seen = [await asked(undefined), await asked(10), await asked(3)];
server.close();
server.closeAllConnections();
['no expiration', 'in 10 minutes', 'in 3 minutes'].forEach((name, place) =>
  console.log(`${name}: the provider was asked ${seen[place]} times for ${REQUESTS} requests`),
);
const expected = [1, 1, 2 * REQUESTS + 1];
if (JSON.stringify(seen) !== JSON.stringify(expected)) {
  console.error('The behaviour has changed.');
  process.exit(1);
}
console.log('as before');
JAVASCRIPT
node --no-deprecation --no-warnings ask.mjs
