/** One way in which cameras do not do as they should, that any camera may have: it is borne always, and harms nobody. */
export interface Tolerance {
  /** What is seen on the wire. */
  readonly seen: string;
  /** Who is known for it, where somebody is. */
  readonly makers?: string;
  /** It is noted where it is met, and told to who asks what a camera does. */
  readonly noted?: true;
}
