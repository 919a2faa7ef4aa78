// A check of liveness by the AWS SDK for JavaScript without a browser: a stream both ways over HTTP/1.1.
import { readFileSync } from 'node:fs';
import { RekognitionStreamingClient, StartFaceLivenessSessionCommand } from '@aws-sdk/client-rekognitionstreaming';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const { REGARD_ENDPOINT, AWS_REGION, SESSION, CHALLENGE, VIDEO } = process.env;
const client = new RekognitionStreamingClient({
  endpoint: REGARD_ENDPOINT,
  region: AWS_REGION,
  maxAttempts: 1,
  requestHandler: new NodeHttpHandler(), // the SDK's own choice for streams is HTTP/2
});

let challenge;
const asked = new Promise((resolve) => (challenge = resolve));
const video = readFileSync(VIDEO);
const begin = Date.now();

async function* events() {
  const half = Math.floor(video.length / 2);
  yield { VideoEvent: { VideoChunk: video.subarray(0, half), TimestampMillis: begin } };
  const put = await asked; // what comes back is read while the request is still being sent
  const oval = put[CHALLENGE].OvalParameters;
  const box = {
    Width: oval.Width / 320,
    Height: oval.Height / 240,
    Left: (oval.CenterX - oval.Width / 2) / 320,
    Top: (oval.CenterY - oval.Height / 2) / 240,
  };
  const small = { Width: 0.15, Height: 0.27, Left: 0.42, Top: 0.35 };
  const initial = { BoundingBox: small, InitialFaceDetectedTimestamp: begin };
  const told = { ChallengeId: 'one', VideoStartTimestamp: begin, InitialFace: initial };
  yield { ClientSessionInformationEvent: { Challenge: { [CHALLENGE]: told } } };
  const target = { BoundingBox: box, FaceDetectedInTargetPositionStartTimestamp: Date.now(), FaceDetectedInTargetPositionEndTimestamp: Date.now() };
  const ended = { ChallengeId: 'one', InitialFace: initial, TargetFace: target, VideoEndTimestamp: Date.now() };
  yield { VideoEvent: { VideoChunk: video.subarray(half), TimestampMillis: Date.now() } };
  yield { ClientSessionInformationEvent: { Challenge: { [CHALLENGE]: ended } } };
  yield { VideoEvent: { VideoChunk: new Uint8Array(), TimestampMillis: Date.now() } };
}

const seen = [];
try {
  const answer = await client.send(
    new StartFaceLivenessSessionCommand({
      SessionId: SESSION,
      VideoWidth: '320',
      VideoHeight: '240',
      ChallengeVersions: `${CHALLENGE}_1.0.0`,
      LivenessRequestStream: events(),
    }),
  );
  for await (const event of answer.LivenessResponseStream) {
    seen.push(...Object.keys(event));
    if (event.ServerSessionInformationEvent) {
      challenge(event.ServerSessionInformationEvent.SessionInformation.Challenge);
    }
  }
  console.log(JSON.stringify({ seen }));
} catch (error) {
  console.log(JSON.stringify({ seen, error: error.name, message: error.message }));
}
