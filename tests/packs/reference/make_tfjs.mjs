// Records what TensorFlow.js computes on drawn images, for tests/packs/test_tfjs.py to compare with.
//
//     cd tests/packs/reference && npm install && node make_tfjs.mjs
//
// It writes tfjs.json. The plain JavaScript backend is used: slow, but it sums in double precision.
import crypto from 'node:crypto';
import fs from 'node:fs';
import * as tf from '@tensorflow/tfjs';

const FOLDER = process.env.MODELS ?? 'node_modules/@vladmandic/human/models';

// Side and channels of each input, its scale and offset (x / scale - offset), and the steps at which long outputs
// are sampled.
const MODELS = {
  blazeface: { side: 256, channels: 3, scale: 127.5, offset: 1, steps: { Identity_2: 7, Identity_3: 5 } },
  facemesh: { side: 192, channels: 3, scale: 255, offset: 0 },
  iris: { side: 64, channels: 3, scale: 255, offset: 0 },
  faceres: { side: 224, channels: 3, scale: 1, offset: 0 },
  emotion: { side: 64, channels: 1, scale: 127.5, offset: 1 },
  centernet: { side: 512, channels: 3, scale: 1, offset: 0, steps: { 'tower_0/keypoints': 509, 'tower_0/wh': 61 } },
  'movenet-lightning': { side: 192, channels: 3, scale: 1, offset: 0, dtype: 'int32' },
};

// A head with eyes and a mouth over a body, on a striped, noisy ground. Integers only, so that NumPy draws the same.
// drawing.py is the same function.
function draw(side, channels, seed) {
  const pixels = new Uint8Array(side * side * channels);
  const inside = (x, y, cx, cy, rx, ry) => ((x - cx) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const x = Math.floor((column * 1024) / side);
      const y = Math.floor((row * 1024) / side);
      const left = 40 * seed;
      let colour = [(x >> 3) & 255, ((x + y) >> 4) & 255, 160 + ((y >> 5) & 63)];
      if (inside(x, y, 480 + left, 1000, 330, 420)) colour = [40, 60, 120 + 20 * seed];
      if (inside(x, y, 480 + left, 420, 190, 250)) colour = [224, 180 - 10 * seed, 150];
      if (inside(x, y, 480 + left, 250, 190, 110)) colour = [60, 40, 30];
      for (const eye of [405, 555]) {
        if (inside(x, y, eye + left, 390, 38, 20)) colour = [245, 245, 245];
        if (inside(x, y, eye + left, 390, 16, 16)) colour = [50, 30, 20];
      }
      if (inside(x, y, 480 + left, 470, 18, 46)) colour = [196, 150, 122];
      if (inside(x, y, 480 + left, 560, 66, 22)) colour = [170, 60, 70];
      for (let channel = 0; channel < channels; channel++) {
        const noise = ((column * 7919 + row * 104729 + channel * 1299709 + seed * 15485863) % 65521) % 23;
        pixels[(row * side + column) * channels + channel] = Math.min(255, colour[channel] + noise);
      }
    }
  }
  return pixels;
}

async function load(name) {
  const model = JSON.parse(fs.readFileSync(`${FOLDER}/${name}.json`));
  const weights = fs.readFileSync(`${FOLDER}/${name}.bin`);
  return tf.loadGraphModel({
    load: async () => ({
      modelTopology: model.modelTopology,
      signature: model.signature ?? model.userDefinedMetadata.signature,
      weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
      weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
    }),
  });
}

const recorded = {};
await tf.setBackend('cpu');
for (const [name, { side, channels, scale, offset, dtype = 'float32', steps = {} }] of Object.entries(MODELS)) {
  const model = await load(name);
  recorded[name] = [];
  for (const seed of [0, 1]) {
    const values = Float32Array.from(draw(side, channels, seed), (value) => value / scale - offset);
    const input = tf.tensor4d(dtype === 'int32' ? Int32Array.from(values) : values, [1, side, side, channels], dtype);
    const names = model.outputs.map((output) => output.name.replace(/:0$/, ''));
    const outputs = [model.execute(input, names)].flat();
    const record = { input: crypto.createHash('sha256').update(Buffer.from(input.dataSync().buffer)).digest('hex') };
    names.forEach((output, index) => {
      const step = steps[output] ?? 1;
      const sampled = Float32Array.from(outputs[index].dataSync().filter((_, position) => position % step === 0));
      const data = Buffer.from(sampled.buffer).toString('base64');
      record[output.split('/').pop()] = { shape: outputs[index].shape, step, data };
    });
    recorded[name].push(record);
    console.log(name, seed, names);
  }
}
fs.writeFileSync('tfjs.json', `${JSON.stringify(recorded, null, 1)}\n`);
