export { FilesModule } from './files.module.js';
export { FILES, FilesResolver, type FilesResolverOptions } from './files-resolver.js';
