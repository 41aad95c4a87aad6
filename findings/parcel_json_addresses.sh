#!/usr/bin/env bash
# Parcel: the address of a JSON file, written as bundlers follow it, is that of a JavaScript file.
#
# Expected: new URL("model.json", import.meta.url) gives an address under which the file's own bytes lie, as in Vite and
# webpack, and as Parcel does for files of other endings: what fetches it parses JSON.
# Seen: the file at that address is a script that assigns what the JSON held; fetch() and JSON.parse end in a syntax error,
# and a digest of the bytes is another. A weight shard beside it, asked for in the same way, is carried along as it is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"name": "app", "private": true, "browserslist": "last 2 chrome versions"}' >package.json
npm install --silent --no-audit --no-fund parcel@2.16.4 >log 2>&1 || { cat log; exit 2; }
echo '{"format": "graph-model"}' >model.json
printf 'weights' >shard.bin
cat >main.js <<'JS'
document.title = [new URL("./model.json", import.meta.url), new URL("./shard.bin", import.meta.url)].join(" ");
JS
echo '<!doctype html><script type="module" src="./main.js"></script>' >index.html
PARCEL_WORKERS=0 npx parcel build index.html --no-cache --no-source-maps >log 2>&1 || { cat log; exit 2; }
echo "parcel $(npx parcel --version)"
model=$(ls dist | grep '^model\.' || true)
shard=$(ls dist | grep '^shard\.' || true)
echo "model.json became $model: $(head -c 60 "dist/$model")"
echo "shard.bin became $shard: $(cat "dist/$shard")"
case $model in *.js) ;; *) echo "CHANGED"; exit 1 ;; esac
if node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "dist/$model" 2>/dev/null; then echo "CHANGED"; exit 1; fi
[ "$(cat "dist/$shard")" = weights ] && echo "as described" || { echo "CHANGED"; exit 1; }
