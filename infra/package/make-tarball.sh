#!/bin/sh
# Makes nightjar-<version>-linux-<processor>.tar.gz of this checkout, for this kind of machine:
#   infra/package/make-tarball.sh [FOLDER]
# On the target, which needs Node.js alone:
#   tar -xzf nightjar-*.tar.gz -C /opt && node /opt/nightjar/dist/apps/cli/src/main.js install-service
set -eu
target=$(cd "${1:-.}" && pwd)
cd "$(dirname "$0")/../.."

version=$(node -p 'require("./package.json").version')
processor=$(node -p process.arch)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

npm run --silent build
mkdir -p "$stage/nightjar/infra" "$stage/nightjar/apps/camsim"
cp package.json package-lock.json .npmrc "$stage/nightjar"
# Scripts of packages that need one are named in package.json.
(cd "$stage/nightjar" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
cp -R dist "$stage/nightjar/dist"
rm -rf "$stage/nightjar/dist/apps/bench" "$stage/nightjar/dist/.tsbuildinfo" "$stage/nightjar/dist/.built-from"
cp -R infra/systemd infra/examples "$stage/nightjar/infra"
cp -R apps/camsim/clips "$stage/nightjar/apps/camsim/clips"

file="$target/nightjar-$version-linux-$processor.tar.gz"
tar -C "$stage" --owner=0 --group=0 --sort=name -czf "$file" nightjar
echo "$file"
