import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Ends the processes that it holds when this process is gone, however it went: kill -9 leaves no chance to
 * tidy up. A shell reads pids from a pipe that only this process can write to; the end of the pipe is the
 * end of this process.
 */
export interface OrphanReaper {
  hold(pid: number): void;
  /** Call it as soon as the process has ended: its pid may soon be another's. */
  release(pid: number): void;
  /** Lets go; whatever is still held is ended. */
  end(): void;
}

/** Time that a part of the stack takes at most to stop in order. */
const GRACE_S = 30;

const script = (graceS: number, together: boolean) => `
lives() {
  kill -0 "$1" 2>/dev/null || return 1
  # One that nobody has waited for is dead all the same.
  [ ! -r "/proc/$1/stat" ] || read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  case $stat in *') Z '*) return 1 ;; esac
}
stat=
held=" "
while read -r verb pid; do
  case $verb in
    hold) held=" $pid$held" ;;
    release) held="\${held%% $pid *} \${held#* $pid }" ;;
  esac
done
end() {
  for pid in "$@"; do kill -TERM "$pid" 2>/dev/null; done
  tries=0
  for pid in "$@"; do
    while lives "$pid"; do
      [ $tries -lt $((${graceS} * 5)) ] || { kill -KILL "$pid" 2>/dev/null; break; }
      tries=$((tries + 1))
      sleep 0.2
    done
  done
}
if ${together}; then end $held; else for pid in $held; do end "$pid"; done; fi
`;

interface LeashOptions {
  /** Seconds that a held process has between SIGTERM and SIGKILL. Default 30. */
  graceS?: number;
  /**
   * Whether all are ended at once. Default: what was held last is ended first, and alone, so that workers can still
   * hand back to Redis.
   */
  together?: boolean;
}

export function createOrphanReaper({ graceS = GRACE_S, together = false }: LeashOptions = {}): OrphanReaper {
  // A session of its own: neither Ctrl-C nor the end of the terminal reaches it before its work is done.
  const shell = spawn('/bin/sh', ['-c', script(graceS, together)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', ignore);
  shell.stdin.on('error', ignore);
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  const tell = (line: string) => shell.stdin.write(`${line}\n`);
  return {
    hold: (pid) => tell(`hold ${pid}`),
    release: (pid) => tell(`release ${pid}`),
    end: () => shell.stdin.end(),
  };
}

/** Without a shell there is no leash, but all that is stopped in order still ends. */
function ignore(): void {}
