// Calls Regard with the AWS SDK for JavaScript from a page, which is of another origin than Regard's.
//
// The page's own server says at /told where Regard is and by which key, and serves /picture.jpg, a photo with one face;
// what came of the calls is sent back to it as JSON, at /result.

import {
  DescribeCollectionCommand,
  DetectFacesCommand,
  ListCollectionsCommand,
  RekognitionClient,
  ResourceNotFoundException,
} from "@aws-sdk/client-rekognition";

async function calls() {
  const { endpoint, credentials } = await (await fetch("/told")).json();
  const client = new RekognitionClient({ endpoint, credentials, region: "us-east-1", maxAttempts: 1 });
  const Bytes = new Uint8Array(await (await fetch("/picture.jpg")).arrayBuffer());
  const result = {};

  result.collections = (await client.send(new ListCollectionsCommand({}))).CollectionIds;
  result.faces = (await client.send(new DetectFacesCommand({ Image: { Bytes } }))).FaceDetails.length;

  try {
    await client.send(new DescribeCollectionCommand({ CollectionId: "none" }));
  } catch (error) {
    result.missing = {
      name: error.name,
      modelled: error instanceof ResourceNotFoundException,
      requestId: error.$metadata.requestId,
      header: error.$response.headers["x-amzn-errortype"],
    };
  }

  const elsewhere = await fetch(endpoint + "/elsewhere");
  result.elsewhere = [elsewhere.status, elsewhere.headers.get("x-amzn-errortype")];
  // A computer whose clock is an hour ahead: the SDK corrects it by the date of the answer that refuses it.
  const now = Date.now;
  Date.now = () => now() + 3_600_000;
  const ahead = new RekognitionClient({ endpoint, credentials, region: "us-east-1" });
  result.ahead = (await ahead.send(new ListCollectionsCommand({}))).$metadata.attempts;
  return result;
}

const result = await calls().catch((error) => ({ failed: `${error.name}: ${error.message}` }));
await fetch("/result", { method: "POST", body: JSON.stringify(result) });
