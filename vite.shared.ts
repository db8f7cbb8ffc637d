import { fileURLToPath } from 'node:url';

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * What both bundles replace: tfjs's WebGL backend is never used (DESIGN, "Decisions"), so nothing of it is shipped.
 */
export const aliases = [
  { find: /^@tensorflow\/tfjs-backend-webgl$/, replacement: local('src/compute/noWebgl.ts') },
];
