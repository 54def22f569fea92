import { DEFAULT_SESSION_POLICY, type SessionPolicy } from '@nightjar/rtsp';
import { DEFAULT_MEDIA_POLICY, type MediaPolicy } from './media-policy.js';

/** All policies of a source toward its camera. */
export type SourceQuirks = SessionPolicy & MediaPolicy;

/** What suits a camera that has no ways of its own. */
export const DEFAULT_QUIRKS: SourceQuirks = { ...DEFAULT_SESSION_POLICY, ...DEFAULT_MEDIA_POLICY };
