import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Ends child processes when this process has ended, even by SIGKILL, which leaves no chance to clean up. A shell reads
 * pids from a pipe that only this process writes to: the end of the pipe means the end of this process.
 */
export interface OrphanReaper {
  watch(pid: number): void;
  /** Call it as soon as the process has ended: its pid may soon belong to another process. */
  unwatch(pid: number): void;
  /** Closes the pipe: processes that are still watched are ended. */
  end(): void;
}

export interface OrphanReaperOptions {
  /** Seconds between SIGTERM and SIGKILL for each process. Default 30: longer than any part needs to stop. */
  graceS?: number;
  /**
   * Whether all processes are ended at once. Default: one after the other, the newest first, so that workers can
   * release their jobs while Redis still runs.
   */
  together?: boolean;
}

const GRACE_S = 30;
/** How long a killed process may take to end before the next one is ended. */
const KILL_WAIT_S = 10;

const script = (graceS: number, together: boolean) => `
lives() {
  kill -0 "$1" 2>/dev/null || return 1
  # A zombie is dead, though its parent has not waited for it.
  [ ! -r "/proc/$1/stat" ] || read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  case $stat in *') Z '*) return 1 ;; esac
}
stat=
watched=" "
while read -r verb pid; do
  case $verb in
    watch) watched=" $pid$watched" ;;
    unwatch) watched="\${watched%% $pid *} \${watched#* $pid }" ;;
  esac
done
end() {
  for pid in "$@"; do kill -TERM "$pid" 2>/dev/null; done
  tries=0
  for pid in "$@"; do
    while lives "$pid"; do
      [ $tries -lt $((${graceS} * 5)) ] || kill -KILL "$pid" 2>/dev/null
      # A process that SIGKILL cannot end hangs in the kernel: do not wait for it for ever.
      [ $tries -lt $((${graceS} * 5 + ${KILL_WAIT_S} * 5)) ] || break
      tries=$((tries + 1))
      sleep 0.2
    done
  done
}
if ${together}; then end $watched; else for pid in $watched; do end "$pid"; done; fi
`;

export function createOrphanReaper({
  graceS = GRACE_S,
  together = false,
}: OrphanReaperOptions = {}): OrphanReaper {
  // A session of its own: neither Ctrl-C nor the end of the terminal stops the shell too early.
  const shell = spawn('/bin/sh', ['-c', script(graceS, together)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', ignoreError);
  shell.stdin.on('error', ignoreError);
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  const send = (line: string) => shell.stdin.write(`${line}\n`);
  return {
    watch: (pid) => send(`watch ${pid}`),
    unwatch: (pid) => send(`unwatch ${pid}`),
    end: () => shell.stdin.end(),
  };
}

/** Without a shell nothing reaps orphans; parts that are stopped in order still end. */
function ignoreError(): void {}
