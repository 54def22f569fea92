#!/bin/sh
# Makes libs/relay/src/stand-in/no-signal.ts: one picture of colour bars as H.264 and H.265, by ffmpeg with libx264 and libx265.
set -eu
cd "$(dirname "$0")/.."
bars() {
  ffmpeg -v error -f lavfi -i smptehdbars=s=640x360:r=1 -vf format=yuv420p -frames:v 1 "$@" - | base64 -w 90 | sed "s/^/  '/; s/\$/' +/" | sed '$ s/ +$/,/'
}
{
  printf '/** One picture of colour bars, 640x360, as Annex B byte streams. Made by libs/relay/tools/make-no-signal.sh; do not edit. */\n'
  printf 'export const NO_SIGNAL_H264 = Buffer.from(\n'
  bars -c:v libx264 -profile:v main -preset veryslow -crf 30 -x264-params repeat-headers=1 -bsf:v filter_units=remove_types=6 -f h264
  printf "  'base64',\n);\nexport const NO_SIGNAL_H265 = Buffer.from(\n"
  bars -c:v libx265 -preset veryslow -crf 32 -x265-params log-level=none:info=0:repeat-headers=1 -bsf:v filter_units=remove_types=39-40 -f hevc
  printf "  'base64',\n);\n"
} >src/stand-in/no-signal.ts
npx prettier --write src/stand-in/no-signal.ts
