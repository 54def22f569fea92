#!/bin/sh
# Makes the clips of the simulated cameras. Needs ffmpeg with libx264, libx265 and aac; the results are kept in git.
#
# What every clip keeps to, because the loader relies on it:
# - raw streams: Annex B video with an access unit delimiter before each picture, ADTS audio;
# - constant 25 pictures/s, no B-pictures, closed GOPs: one loop follows the other without a seam;
# - 8 s: the shortest time that is whole GOPs (2 s), whole pictures (40 ms) and whole AAC frames (1024/48000 s).
# The `synthetic` clips are one long GOP of very small pictures, coded with CABAC: benchmarks fill them up to a bit rate.
set -eu
cd "$(dirname "$0")"

SECONDS_LONG=8
FONT=$(fc-match -f '%{file}' 'DejaVu Sans Mono:bold' 2>/dev/null || true)

# A label with a running picture counter and clock, or nothing where no font is installed.
label() {
  [ -f "$FONT" ] || { printf 'null'; return; }
  printf "drawtext=fontfile='%s':fontsize=h/12:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=8:x=w/32:y=h-h/6:text='%s %%{n} %%{pts\\:hms}'" "$FONT" "$1"
}

encode() { # out, lavfi source, label, seconds, encoder options...
  out=$1 source=$2 text=$3 length=$4
  shift 4
  ffmpeg -v error -y -f lavfi -i "$source" -vf "$(label "$text"),format=yuv420p" -t "$length" -an "$@" "$out"
  ls -l "$out"
}

h264() { # out, source, label, profile, kbit/s
  encode "$1.h264" "$2" "$3" "$SECONDS_LONG" -c:v libx264 -preset slower -profile:v "$4" \
    -b:v "$5k" -maxrate "$(($5 * 2))k" -bufsize "$(($5 * 2))k" \
    -x264-params keyint=50:min-keyint=50:scenecut=0:bframes=0:open-gop=0:aud=1 -bsf:v filter_units=remove_types=6
}

h265() { # out, source, label, kbit/s
  encode "$1.h265" "$2" "$3" "$SECONDS_LONG" -c:v libx265 -preset slow -b:v "$4k" \
    -x265-params keyint=50:min-keyint=50:scenecut=0:bframes=0:open-gop=0:aud=1:repeat-headers=1:info=0:log-level=error
}

h264 front-door testsrc2=size=640x360:rate=25 front-door baseline 300
h264 garden "mandelbrot=size=640x360:rate=25:end_pts=200:maxiter=500" garden main 350
h264 workshop "life=size=320x180:rate=25:mold=10:ratio=0.1:seed=7:death_color=#204060:life_color=#ffd060,scale=640:360:flags=neighbor" workshop baseline 350
h264 other testsrc2=size=480x272:rate=25 other baseline 200
h265 gate testsrc2=size=640x360:rate=25 gate 250
h265 other testsrc2=size=480x272:rate=25 other 150

synthetic() { # out, size
  encode "$1.h264" "color=c=gray:size=$2:rate=25" "$1" 12 -c:v libx264 -preset slower -profile:v main -crf 40 \
    -x264-params keyint=300:min-keyint=300:scenecut=0:bframes=0:open-gop=0:aud=1:cabac=1 -bsf:v filter_units=remove_types=6
  encode "$1.h265" "color=c=gray:size=$2:rate=25" "$1" 12 -c:v libx265 -preset slow -crf 40 \
    -x265-params keyint=300:min-keyint=300:scenecut=0:bframes=0:open-gop=0:aud=1:repeat-headers=1:info=0:log-level=error
}

synthetic synthetic 1280x720
synthetic synthetic-other 640x360

# A beep of 0.1 s at each full second, a higher one every fourth. Encoded three times over and cut from the middle, so that
# the first frame of a loop follows the last one as in one recording.
LONG_AUDIO=$(mktemp)
trap 'rm -f "$LONG_AUDIO"' EXIT
ffmpeg -v error -y -f lavfi \
  -i "aevalsrc='0.4*lt(mod(t,1),0.1)*sin(2*PI*if(lt(mod(t,4),1),880,440)*t)':s=48000:d=$((SECONDS_LONG * 3))" \
  -c:a aac -b:a 64k -f adts "$LONG_AUDIO"
ffmpeg -v error -y -f aac -i "$LONG_AUDIO" -ss "$SECONDS_LONG" -frames:a 375 -c copy -f adts front-door.aac
ls -l front-door.aac

# What GetSnapshotUri leads to.
for clip in front-door.h264 garden.h264 workshop.h264 gate.h265; do
  ffmpeg -v error -y -i "$clip" -frames:v 1 -vf scale=320:-2 -q:v 6 "${clip%.*}.jpg"
done
