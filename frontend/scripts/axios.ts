/** Excludes axios' fetch adapter from the build (4 kB gzipped); the client uses XMLHttpRequest. */
import type { Plugin } from 'vite';

const EMPTY = '\0no-fetch-adapter';

export function withoutFetchAdapter(): Plugin {
  return {
    name: 'axios-without-fetch-adapter',
    enforce: 'pre',
    apply: 'build',
    resolveId: (source, importer) =>
      source.endsWith('/fetch.js') && importer?.endsWith('/axios/lib/adapters/adapters.js') ? EMPTY : null,
    // The adapter returns the same when there is no fetch; axios then uses the next adapter.
    load: (id) => (id === EMPTY ? 'export const getFetch = () => false;' : null),
  };
}
