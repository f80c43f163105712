// The clinic's device was handed over: no page of the desk may stay on it that opens without a connection.
if ("caches" in window) {
  const kept = (await caches.keys()).filter((name) => name.startsWith("pages:"));
  await Promise.all(kept.map((name) => caches.delete(name)));
}
