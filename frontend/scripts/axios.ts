/** Leaves axios' fetch adapter out of the build (4 kB gzipped): the client's calls go by XMLHttpRequest. */
import type { Plugin } from 'vite';

const EMPTY = '\0no-fetch-adapter';

export function withoutFetchAdapter(): Plugin {
  return {
    name: 'axios-without-fetch-adapter',
    enforce: 'pre',
    apply: 'build',
    resolveId: (source, importer) =>
      source.endsWith('/fetch.js') && importer?.endsWith('/axios/lib/adapters/adapters.js') ? EMPTY : null,
    // As the adapter itself answers where there is no fetch: the next one is taken.
    load: (id) => (id === EMPTY ? 'export const getFetch = () => false;' : null),
  };
}
