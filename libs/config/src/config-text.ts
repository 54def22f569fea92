import { messageOf } from '@nightjar/common';
import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type Document,
  type YAMLMap,
} from 'yaml';
import { ConfigError, type ConfigIssue } from './issue.js';

/** Also the most a Kubernetes ConfigMap can hold. */
export const MAX_CONFIG_BYTES = 2 ** 20;
/** Of the parser's stack, a few entries per level. The parser recurses: a deep file would end the process. */
const MAX_NESTING = 100;
/** Uses of anchors; yaml counts nested ones multiplied, which stops "billion laughs" files. */
export const MAX_ALIASES = 1_000;

export type KeyPath = readonly (string | number)[];

/** The text of one configuration file, parsed, with the way back from a key path to its line. */
export class ConfigText {
  /** Plain value of the file, untrusted. */
  readonly value: unknown;
  private readonly lines = new LineCounter();
  private readonly document: Document.Parsed;

  /** JSON is read as the subset of YAML that it is. Throws ConfigError with every syntax error. */
  constructor(
    private readonly file: string,
    text: string,
  ) {
    if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) {
      throw this.wholeFile(`larger than ${MAX_CONFIG_BYTES} bytes`);
    }
    if (!isShallow(text)) throw this.wholeFile('nested too deeply');
    try {
      this.document = parseDocument(text, {
        lineCounter: this.lines,
        prettyErrors: false,
        merge: true,
        // Ours takes linear time and names the key.
        uniqueKeys: false,
      });
    } catch (error) {
      throw this.wholeFile(messageOf(error));
    }
    const defects = this.syntaxDefects();
    if (defects.length > 0) throw new ConfigError(file, defects);
    try {
      this.value = this.document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      throw this.wholeFile(messageOf(error));
    }
  }

  /** An issue at the value of `path`, at its key when `at` is `key`, or at the nearest ancestor that stands in the text. */
  issue(path: KeyPath, message: string, at: 'key' | 'value' = 'value'): ConfigIssue {
    return { ...this.position(this.offsetOf(path, at)), path: printPath(path), message };
  }

  private syntaxDefects(): ConfigIssue[] {
    const defects = this.document.errors.map((error) =>
      this.syntaxIssue(
        error.pos[0],
        error.code === 'MULTIPLE_DOCS' ? 'a second document begins here; keep one' : error.message,
      ),
    );
    const report = (node: unknown, message: string): void => {
      defects.push(this.syntaxIssue(startOf(node) ?? 0, message));
    };
    const anchors = new Set<string>();
    visit(this.document, {
      Node: (_key, node) => {
        if (isMap(node)) reportBadKeys(node, report);
        if (!isAlias(node)) {
          if (node.anchor !== undefined) anchors.add(node.anchor);
        } else if (!anchors.has(node.source)) {
          report(node, `there is no anchor &${node.source} before this`);
        }
      },
    });
    return defects;
  }

  private syntaxIssue(offset: number, message: string): ConfigIssue {
    return { ...this.position(offset), path: '', message };
  }

  private wholeFile(message: string): ConfigError {
    return new ConfigError(this.file, [{ file: this.file, line: 1, column: 1, path: '', message }]);
  }

  private position(offset: number): Pick<ConfigIssue, 'file' | 'line' | 'column'> {
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  private offsetOf(path: KeyPath, at: 'key' | 'value'): number {
    let node: unknown = this.document.contents;
    let offset = startOf(node) ?? 0;
    for (const [depth, key] of path.entries()) {
      const child = childOf(isAlias(node) ? node.resolve(this.document) : node, key);
      if (child === undefined) break;
      const wantsKey = at === 'key' && depth === path.length - 1;
      const value = isPair(child) ? child.value : child;
      const keyOffset = isPair(child) ? startOf(child.key) : undefined;
      offset = (wantsKey ? keyOffset : (valueStart(value) ?? keyOffset)) ?? offset;
      node = value;
    }
    return offset;
  }
}

function isShallow(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // The depth on the way is all that matters of the tokens.
    Array.from(parser.next(lexeme));
    if (parser.stack.length > MAX_NESTING) return false;
  }
  return true;
}

function reportBadKeys(map: YAMLMap, report: (node: unknown, message: string) => void): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) {
      report(key, 'a key must be a text');
      continue;
    }
    const name = String(key.value);
    if (seen.has(name)) report(key, `the key "${name}" is already there`);
    seen.add(name);
  }
}

function childOf(node: unknown, key: string | number): unknown {
  if (isMap(node)) {
    return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
  }
  if (isSeq(node)) return node.items[Number(key)];
  return undefined;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** A block map begins on the line after its key, so the key is the better place to point at. */
function valueStart(node: unknown): number | undefined {
  return isMap(node) && node.flow !== true ? undefined : startOf(node);
}

function printPath(path: KeyPath): string {
  return path.join('.');
}
