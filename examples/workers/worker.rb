#!/usr/bin/env ruby
# A Millrace worker: one job at a time, run several for more. Ruby 2.7 or newer, nothing to install.
%w[json net/http openssl socket].each { |library| require library }
TASKS ||= { 'upper' => lambda do |payload|
  sleep payload.fetch('sleepMs', 0) / 1000.0
  payload['fail'] ? raise('told to fail') : { text: payload['text'].upcase }
end }.freeze
API, LEASE_MS = URI(ENV['MILLRACE_URL'] || 'http://127.0.0.1:3000'), Integer(ENV['LEASE_MS'] || 30_000)
WISH = { queues: (ENV['QUEUES'] || 'default').split(','), tasks: TASKS.keys, leaseMs: LEASE_MS,
         waitMs: 30_000, worker: "ruby-#{Process.pid}@#{Socket.gethostname}" }.freeze
HEAD = { 'content-type' => 'application/json', 'authorization' => "Bearer #{ENV['MILLRACE_KEY']}" }.freeze
AWAY = [SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::OpenSSLError, JSON::ParserError]
def post(path, body, seconds = 10) # Returns status and answer; no answer at all is a 503 too.
  Net::HTTP.start(API.host, API.port, use_ssl: API.scheme == 'https', read_timeout: seconds) do |http|
    answer = http.post(path, JSON.generate(body), HEAD)
    [answer.code.to_i, JSON.parse(answer.body)]
  end
rescue *AWAY => e then [503, { 'detail' => e.message }]
end
def work(job, lease) # Returns what became of the job.
  run = Thread.new { TASKS[job['task']].call(job['payload']) }.tap { |it| it.report_on_exception = false }
  until run.join(LEASE_MS / 3000.0) # It raises what the task has raised.
    status, answer = post("/leases/#{lease}/heartbeat", {})
    run.raise('told to stop') if status == 409 || answer.fetch('cancel', []).include?(job['id'])
  end
  ['complete', { lease: lease, result: run.value }]
rescue StandardError => e then ['fail', { lease: lease, error: { name: e.class.name, message: e.message } }]
end
busy = stopping = false
trap('TERM') { busy ? stopping = true : exit } # Cuts a poll short; a job in hand is finished first.
until stopping
  status, taken, busy = *post('/leases', WISH, 40), true
  taken.fetch('jobs', []).each do |job|
    verb, said = work(job, taken['lease'])
    over = Time.now + LEASE_MS / 1000 # When the lease has ended, others have the job.
    sleep 1 while (code, answer = post("/jobs/#{job['id']}/#{verb}", said)).first >= 500 && Time.now < over
    warn "#{job['id']} #{verb}: #{code} #{answer['detail']}" if code != 200 # 409: it is lost, others have it.
  end
  busy = false
  warn("#{status} #{taken['detail']}") || (status < 500 ? exit(1) : sleep(1)) if status != 200 # 4xx: final
end
