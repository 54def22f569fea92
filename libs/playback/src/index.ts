export { PlaybackModule } from './playback.module.js';
export { PlaybackResolver, type PlaybackResolverOptions } from './playback-resolver.js';
