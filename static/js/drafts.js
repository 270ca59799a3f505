// What was typed and not yet checked, kept on this device until it has been.

const PREFIX = "draft:";

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null; // switched off by the reader: typing still works, it is only not kept
  }
}

export function forgetOthers(key) {
  const store = storage();
  for (const name of Object.keys(store ?? {})) {
    // What an author has typed waits for that author, whatever else is practised meanwhile.
    if (name.startsWith(PREFIX) && name !== PREFIX + key && !name.startsWith(`${PREFIX}author:`)) store.removeItem(name);
  }
}

export function keep(key, values) {
  try {
    storage()?.setItem(PREFIX + key, JSON.stringify(values));
  } catch {
    // A full store must not stop anybody from answering.
  }
}

export function forget(key) {
  storage()?.removeItem(PREFIX + key);
}

export function kept(key) {
  try {
    const values = JSON.parse(storage()?.getItem(PREFIX + key) ?? "null");
    return Array.isArray(values) ? values.map(String) : null;
  } catch {
    return null;
  }
}
