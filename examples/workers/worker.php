<?php // A Millrace worker: one job at a time, run several for more. PHP 8 with pcntl and posix (as Debian's).
[$url, $ms] = [getenv('MILLRACE_URL') ?: 'http://127.0.0.1:3000', (int) (getenv('LEASE_MS') ?: 30000)];
$tasks = ['upper' => function (array $payload): array {
    usleep(1000 * ($payload['sleepMs'] ?? 0));
    if ($payload['fail'] ?? false) throw new Exception('told to fail');
    return ['text' => strtoupper($payload['text'])];
}];
$wish = ['queues' => explode(',', getenv('QUEUES') ?: 'default'), 'tasks' => array_keys($tasks),
    'leaseMs' => $ms, 'waitMs' => 30000, 'worker' => 'php-' . getmypid() . '@' . gethostname()];
function post(string $path, array $body, int $seconds = 10): array { // Status and answer; none at all: 503.
    $head = ['content-type: application/json', 'authorization: Bearer ' . getenv('MILLRACE_KEY')];
    $http = ['method' => 'POST', 'header' => $head, 'timeout' => $seconds, 'ignore_errors' => true,
        'content' => json_encode((object) $body)];
    $stream = @fopen($GLOBALS['url'] . $path, 'r', false, stream_context_create(['http' => $http]));
    $status = $stream ? (int) substr(stream_get_meta_data($stream)['wrapper_data'][0], 9, 3) : 503;
    return [$status, $stream ? json_decode(stream_get_contents($stream), true) : ['detail' => 'no answer']];
}
function apart(callable $run, float $seconds, callable $mustStop): array { // In a child, watched meanwhile.
    [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    if (!$pid = pcntl_fork())
        try { exit(fwrite($theirs, json_encode(['result' => $run()])) ? 0 : 1); }
        catch (Throwable $t) { exit(fwrite($theirs, json_encode(['error' => ['message' => "$t"]])) ? 0 : 1); }
    for (fclose($theirs); ($read = [$ours]) && !@stream_select($read, $w, $x, 0, (int) (1e6 * $seconds));)
        if ($mustStop()) posix_kill($pid, SIGKILL);
    return json_decode(stream_get_contents($ours), true) ?? ['error' => ['message' => 'stopped']];
}
pcntl_async_signals(true); pcntl_signal(SIGCHLD, SIG_IGN); // Nobody waits for children that have ended.
pcntl_signal(SIGTERM, fn () => $GLOBALS['stopping'] = true); // Cuts a poll short; a job in hand is finished.
while (empty($stopping)) {
    $poll = apart(fn () => post('/leases', $wish, 40), 1, fn () => !empty($GLOBALS['stopping']));
    [$status, $taken] = $poll['result'] ?? [200, []]; // 4xx: it would be refused again.
    if ($status !== 200) error_log("$status {$taken['detail']}") && $status < 500 ? exit(1) : sleep(1);
    foreach ($taken['jobs'] ?? [] as ['id' => $id, 'task' => $task, 'payload' => $payload]) {
        $said = apart(fn () => $tasks[$task]($payload), $ms / 3000, fn () => 409 ===
            ($a = post("/leases/$taken[lease]/heartbeat", []))[0] || in_array($id, $a[1]['cancel'] ?? []));
        $path = "/jobs/$id/" . (isset($said['error']) ? 'fail' : 'complete');
        for ($n = $ms; ([$status, $answer] = post($path, $said + ['lease' => $taken['lease']]))[0] >= 500;)
            if (sleep(1) || ($n -= 1000) < 0) break; // The lease has ended, and others have the job.
        if ($status !== 200) error_log("$path: $status {$answer['detail']}"); // 409: lost, others have it.
    }
}
