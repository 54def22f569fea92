/** Stands for all files where access names a camera; no camera can have it. */
export const FILES = 'files';
