// Reads sealed files with the npm package sops-age: its folder and the private key
// come as arguments, a JSON list of texts on stdin; a JSON list of what was read, or
// of why not, goes to stdout.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, secretKey] = process.argv.slice(2);
const { decryptSops } = await import(pathToFileURL(`${folder}/dist/index.js`).href);
const found = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    found.push({ data: await decryptSops(text, { secretKey, fileType: "yaml" }) });
  } catch (error) {
    found.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(found));
