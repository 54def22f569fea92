import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
/** Output by the hash of its source: the compiler is slower to load than everything else together. */
const CACHE = new URL('node_modules/.cache/nightjar-ts/', ROOT);
const OURS = '@nightjar/';

export async function resolve(specifier, context, next) {
  if (specifier.startsWith(OURS)) {
    return {
      url: new URL(`libs/${specifier.slice(OURS.length)}/src/index.ts`, ROOT).href,
      shortCircuit: true,
    };
  }
  if (
    specifier.startsWith('.') &&
    specifier.endsWith('.js') &&
    context.parentURL?.endsWith('.ts')
  ) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(url)) return { url: url.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const text = await readFile(fileURLToPath(url), 'utf8');
  return { format: 'module', source: await compiled(url, text), shortCircuit: true };
}

async function compiled(url, text) {
  const cached = new URL(`${createHash('sha1').update(url).update(text).digest('hex')}.mjs`, CACHE);
  if (existsSync(cached)) return readFile(cached, 'utf8');
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(text, {
    fileName: fileURLToPath(url),
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      experimentalDecorators: true,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  });
  await mkdir(CACHE, { recursive: true });
  // Several processes may compile the same file: each writes its own and moves it into place.
  const own = new URL(`${cached.href}.${process.pid}`);
  await writeFile(own, outputText);
  await rename(own, cached);
  return outputText;
}
