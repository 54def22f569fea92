// A classic script in the browser of a test page: plays footage the way a user's page would, and tells how it went.

const once = (target, name) =>
  new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    target.addEventListener('error', () => reject(new Error(target.error?.message)));
  });

function addVideo() {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  return video;
}

/** `<video src>`: seeks to shares of its length, then plays the last two seconds. */
globalThis.playFile = async (source, shares) => {
  const video = addVideo();
  video.src = source;
  await once(video, 'loadeddata');
  const reached = [];
  const seek = async (seconds) => {
    const seeked = once(video, 'seeked');
    video.currentTime = seconds;
    await seeked;
  };
  for (const share of shares) {
    await seek(video.duration * share);
    reached.push(video.currentTime / video.duration);
  }
  await seek(video.duration - 2);
  const ended = once(video, 'ended');
  await video.play();
  await ended;
  return { duration: video.duration, reached };
};

/** Media Source Extensions without a library: appends a whole stored file, and plays it to its end. */
globalThis.appendFile = async (source, type) => {
  const bytes = await (await fetch(new URL(source, location.origin))).arrayBuffer();
  const video = addVideo();
  const media = new MediaSource();
  video.src = URL.createObjectURL(media);
  await once(media, 'sourceopen');
  const buffer = media.addSourceBuffer(type);
  const appended = once(buffer, 'updateend');
  buffer.appendBuffer(bytes);
  await appended;
  media.endOfStream();
  video.playbackRate = 4;
  const ended = once(video, 'ended');
  await video.play();
  await ended;
  return { duration: video.duration, ranges: video.buffered.length };
};

/** hls.js: appends to Media Source Extensions, seeks, plays to the end. */
globalThis.playHls = async (source) => {
  const { Hls } = globalThis;
  const video = addVideo();
  const problems = [];
  const player = new Hls();
  player.on(Hls.Events.ERROR, (_, { details, fatal, error }) => {
    // A seek gives up what was being loaded for the old place.
    if (details !== Hls.ErrorDetails.INTERNAL_ABORTED)
      problems.push(`${details} ${fatal} ${error?.message ?? ''}`);
  });
  player.loadSource(source);
  player.attachMedia(video);
  await once(video, 'canplay');
  for (const back of [video.duration - 1, 6, 3]) {
    const seeked = once(video, 'seeked');
    video.currentTime = video.duration - back;
    await seeked;
  }
  video.playbackRate = 2;
  const ended = once(video, 'ended');
  await video.play();
  await ended;
  return { duration: video.duration, at: video.currentTime, problems };
};
