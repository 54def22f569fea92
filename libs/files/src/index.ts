export { FilesModule } from './files.module.js';
export { FILES } from './access-name.js';
export { FilesResolver, type FilesResolverOptions } from './files-resolver.js';
