/** A name in its namespace; '' is no namespace. Namespaces in XML 1.0 s.2. */
export interface QName {
  readonly namespace: string;
  readonly name: string;
}

/** An element that was read, its names resolved. */
export class XmlElement implements QName {
  readonly children: XmlElement[] = [];
  /** The character data between the tags of this element, without that of its children. */
  text = '';

  constructor(
    readonly namespace: string,
    readonly name: string,
    /** By local name, so those of equal name and other namespace share a place; declarations of namespaces are left out. */
    readonly attributes: ReadonlyMap<string, string>,
    private readonly namespaceOf: (prefix: string) => string | undefined,
  ) {}

  is(namespace: string, name: string): boolean {
    return this.namespace === namespace && this.name === name;
  }

  /** The first child of this name, in any namespace unless one is given. */
  child(name: string, namespace?: string): XmlElement | undefined {
    return this.children.find(
      (child) => child.name === name && (namespace === undefined || child.namespace === namespace),
    );
  }

  childrenNamed(name: string): XmlElement[] {
    return this.children.filter((child) => child.name === name);
  }

  /** The element that these names lead to, each the first child of that name. */
  at(...names: readonly string[]): XmlElement | undefined {
    return names.reduce<XmlElement | undefined>((element, name) => element?.child(name), this);
  }

  /** Text of the element that these names lead to, without white space around it. */
  textAt(...names: readonly string[]): string | undefined {
    return this.at(...names)?.text.trim();
  }

  /**
   * What a QName in text or attributes of this element means.
   * @returns undefined for a prefix that is not declared here
   */
  qname(text: string): QName | undefined {
    const [, prefix = '', name = ''] = /^(?:([^:]*):)?([^:]*)$/.exec(text.trim()) ?? [];
    const namespace = this.namespaceOf(prefix);
    if (name === '' || (namespace === undefined && prefix !== '')) return undefined;
    return { namespace: namespace ?? '', name };
  }
}
