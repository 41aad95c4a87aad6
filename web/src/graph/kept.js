/**
 * What this browser remembers of backends that were tried, in IndexedDB: a verdict under the digest of all that it is of.
 * Where nothing can be kept (Node, a private window, an origin without storage), nothing is, and a trial comes again.
 */

const DATABASE = "isoship";
const STORE = "trials";

/** @param {string} key @returns {Promise<any>} undefined where nothing is known */
export async function recalled(key) {
  return inStore("readonly", (store) => store.get(key)).catch(() => undefined);
}

/** @param {string} key @param {any} verdict */
export async function keep(key, verdict) {
  await inStore("readwrite", (store) => store.put(verdict, key)).catch(() => undefined);
}

/**
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} ask
 * @returns {Promise<any>}
 */
async function inStore(mode, ask) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    return await settled(ask(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
