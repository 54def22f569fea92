import type { SeekStyle } from '@nightjar/rtsp';
import type { Course } from './pass.js';
import type { Footage } from './footage.js';

/** Units stand in decode order: one so far behind an instant has none before it after itself. */
const REORDER_MS = 2_000;

/**
 * A course forwards as a client wants it to begin (RFC 7826 s.18.47): with the unit at or before the instant, or the one at or
 * after it, which need not be decodable. All else begins where the course does, with a keyframe.
 * @param course begins with the keyframe at or before `askedMs`
 * @param askedMs wall time
 */
export async function styled(
  footage: Pick<Footage, 'forward'>,
  course: Course,
  askedMs: number,
  style: SeekStyle | undefined,
): Promise<Course> {
  if (style !== 'First-Prior' && style !== 'Next') return course;
  let prior = course.fromMs;
  let next: number | undefined;
  for await (const event of footage.forward(course.fromMs, { kind: 'all' })) {
    if (event.kind === 'gap' || event.kind === 'stopped') break;
    if (event.kind !== 'unit' || event.unit.track !== 0) continue;
    const { wallMs } = event.unit;
    if (wallMs >= askedMs + REORDER_MS) break;
    if (wallMs <= askedMs) prior = Math.max(prior, wallMs);
    if (wallMs >= askedMs) next = Math.min(next ?? Infinity, wallMs);
  }
  return { ...course, firstMs: style === 'Next' ? (next ?? prior) : prior };
}
