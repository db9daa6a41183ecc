/** Imports of modules that are loaded on first use. */
const MAX_ATTEMPTS = 30;
const RETRY_INTERVAL_MS = 2_000;

/** Retries for a minute while the network is away. After that the file is gone, as after a new release. */
export async function importWithRetry<T>(load: () => Promise<T>, attempts = MAX_ATTEMPTS): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (attempts === 1) throw error;
    await new Promise((resolve) => window.setTimeout(resolve, RETRY_INTERVAL_MS));
    return importWithRetry(load, attempts - 1);
  }
}
