// Runs ONNX graphs in onnxruntime, which must be found from the folder it is called in:
//
//     node onnx_run.mjs JOBS.json
//
// A job names a graph, and files of 32-bit floats: {graph, images, shape, p: [...] or null, logits}.
// It runs on one thread, so that a check is as quick on a busy machine.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const ort = createRequire(path.resolve("here.js"))("onnxruntime-node");

function floats(file) {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

for (const job of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const session = await ort.InferenceSession.create(job.graph, { intraOpNumThreads: 1 });
  const feeds = { images: new ort.Tensor("float32", floats(job.images), job.shape) };
  if (job.p) feeds.p = new ort.Tensor("float32", Float32Array.from(job.p), [job.p.length]);
  const { logits } = await session.run(feeds);
  writeFileSync(job.logits, Buffer.from(logits.data.buffer, logits.data.byteOffset,
                                        logits.data.byteLength));
  await session.release();
}
