/** How often the parent process is looked at. */
const CHECK_MS = 500;

/** Calls back once when the process that started this one is gone: its channel closes, or somebody else is our parent. */
export function onParentGone(callback: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, CHECK_MS);
  timer.unref();
  if (process.channel !== undefined && process.channel !== null) process.once('disconnect', callback);
}
