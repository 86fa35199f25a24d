/** Runs until its signal fires; then says why, or with `stubborn` goes on all the same. */
export default ({ stubborn = false, finish = false } = {}, ctx) =>
  new Promise((resolve, reject) => {
    ctx.progress({ held: true });
    // A pending promise alone would not keep the process alive, a real handler's socket would.
    const timer = setInterval(() => undefined, 1_000);
    ctx.signal.addEventListener('abort', () => {
      if (stubborn) return;
      clearInterval(timer);
      if (finish) resolve({ reason: ctx.signal.reason.message });
      else reject(ctx.signal.reason);
    });
  });
