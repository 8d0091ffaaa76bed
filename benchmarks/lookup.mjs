// Looks texts up with the very script that the site serves: JSON lines {"id", "text"} in, from a file or the standard
// input, and {"id", "results": [{"slug", <parts>, "sender", "score"}]} out, best first. Results of the first answer come
// first, then those of other addressees. `--times` tells the median and the slowest on the error output.
//
//   node benchmarks/lookup.mjs [--site output] [--times] [FILE]
import { readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";

const options = process.argv.slice(2);
const isTimed = options.includes("--times");
const at = options.indexOf("--site");
const site = at < 0 ? "output" : options.splice(at, 2)[1];
const file = options.find((one) => !one.startsWith("--"));

vm.runInThisContext(readFileSync(join(site, "lookup.js"), "utf8"), { filename: "lookup.js" });
const times = [];
const lines = readFileSync(file ?? 0, "utf8").split("\n").filter((line) => line.trim());
for (const line of lines) {
  const { id, text } = JSON.parse(line);
  const began = performance.now();
  const answers = globalThis.Lookup.answer(text);
  times.push(performance.now() - began);
  const results = answers.filter((answer) => answer.isError).flatMap((answer) => answer.results); // a success is no error
  process.stdout.write(`${JSON.stringify({ id, results })}\n`);
}
if (isTimed) {
  times.sort((a, b) => a - b);
  const told = [times[times.length >> 1], times[Math.floor(times.length * 0.99)], times.at(-1)];
  process.stderr.write(`${lines.length} texts; ms: median ${told[0]?.toFixed(2)}, 99 % ${told[1]?.toFixed(2)}, slowest ${told[2]?.toFixed(2)}\n`);
}
