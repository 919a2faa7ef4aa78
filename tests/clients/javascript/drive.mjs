// One journey through the collections with the AWS SDK for JavaScript, unmodified.
//
// Environment: REGARD_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, PICTURE (a JPEG with one face),
// COLLECTION (a name that is free). Prints one line of JSON; leaves with 1 and the error when a step fails.

import { readFile } from "node:fs/promises";
import {
  CreateCollectionCommand,
  DeleteCollectionCommand,
  DescribeCollectionCommand,
  DetectFacesCommand,
  IndexFacesCommand,
  ListFacesCommand,
  ListTagsForResourceCommand,
  RekognitionClient,
  ResourceNotFoundException,
  SearchFacesByImageCommand,
  TagResourceCommand,
  paginateListCollections,
} from "@aws-sdk/client-rekognition";

const client = new RekognitionClient({ endpoint: process.env.REGARD_ENDPOINT, maxAttempts: 1 });
const Image = { Bytes: await readFile(process.env.PICTURE) };
const CollectionId = process.env.COLLECTION;
const result = {};

const created = await client.send(new CreateCollectionCommand({ CollectionId, Tags: { made: "here" } }));
result.arn = created.CollectionArn;
result.requestId = created.$metadata.requestId;

const detected = await client.send(new DetectFacesCommand({ Image, Attributes: ["DEFAULT"] }));
result.detected = detected.FaceDetails.length;

const indexed = await client.send(
  new IndexFacesCommand({ CollectionId, Image, ExternalImageId: "portrait", MaxFaces: 1 }),
);
result.faceId = indexed.FaceRecords[0].Face.FaceId;

const found = await client.send(new SearchFacesByImageCommand({ CollectionId, Image, FaceMatchThreshold: 90 }));
result.match = found.FaceMatches[0].Face.FaceId;
result.similarity = found.FaceMatches[0].Similarity;

const listed = await client.send(new ListFacesCommand({ CollectionId }));
result.faces = listed.Faces.map((face) => face.FaceId);

result.collections = [];
for await (const page of paginateListCollections({ client, pageSize: 1 }, {})) {
  result.collections.push(...page.CollectionIds);
}

const described = await client.send(new DescribeCollectionCommand({ CollectionId }));
result.created = described.CreationTimestamp instanceof Date && described.CreationTimestamp.getTime();
result.count = described.FaceCount;

await client.send(new TagResourceCommand({ ResourceArn: created.CollectionArn, Tags: { "größe": "klein" } }));
result.tags = (await client.send(new ListTagsForResourceCommand({ ResourceArn: created.CollectionArn }))).Tags;

result.deleted = (await client.send(new DeleteCollectionCommand({ CollectionId }))).StatusCode;

try {
  await client.send(new DescribeCollectionCommand({ CollectionId }));
} catch (error) {
  result.missing = {
    modelled: error instanceof ResourceNotFoundException,
    name: error.name,
    message: error.message,
    status: error.$metadata.httpStatusCode,
  };
}

try {
  await client.send(new DescribeCollectionCommand({ CollectionId: "not valid" }));
} catch (error) {
  result.invalid = error.name;
}

console.log(JSON.stringify(result));
