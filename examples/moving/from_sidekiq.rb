#!/usr/bin/env ruby
# Moves what waits in Sidekiq to Millrace: scheduled jobs, retries, and the jobs of its queues. Needs sidekiq 6 or newer.
# Usage: ruby from_sidekiq.rb [QUEUE...] (default: all queues). Stop its processes first (SIGTERM).
# Run it again after a break: nothing is stored twice. REDIS_URL is Sidekiq's, MILLRACE_URL and MILLRACE_KEY are ours.
%w[json net/http sidekiq/api].each { |library| require library }
API = URI(ENV['MILLRACE_URL'] || 'http://127.0.0.1:3000')
QUEUES = ARGV.empty? ? Sidekiq::Queue.all.map(&:name) : ARGV
RETRIES = 25 # Sidekiq's own default.
$counts = Hash.new(0)

def attempts_of(item)
  wanted = { true => RETRIES, false => 0, nil => RETRIES }.fetch(item['retry']) { |number| number }
  made = item.key?('retry_count') ? item['retry_count'] + 1 : 0
  (wanted + 1 - made).clamp(1, 100)
end

def submit(http, job, due)
  body = { task: job.display_class, queue: job.queue, payload: job.display_args, attempts: attempts_of(job.item),
           metadata: { sidekiqJid: job.jid } }
  body[:runAt] = due.utc.strftime('%FT%T.%LZ') if due && due > Time.now
  http.post('/jobs', JSON.generate(body), 'content-type' => 'application/json',
            'authorization' => "Bearer #{ENV['MILLRACE_KEY']}", 'idempotency-key' => "sidekiq:#{job.jid}")
end

# A mismatch: it was stored before the break, with a time that has passed since.
def stored?(answer)
  answer.is_a?(Net::HTTPSuccess) || JSON.parse(answer.body)['code'] == 'idempotency-mismatch'
rescue JSON::ParserError
  false
end

# Removes a job only when Millrace has stored it.
def move(http, job, place, due = nil)
  answer = submit(http, job, due)
  if stored?(answer)
    job.delete
    $counts["#{place} moved"] += 1
  elsif %w[400 413 422].include?(answer.code)
    warn "Job #{job.jid} (#{job.display_class}) stays: #{answer.body}"
    $counts["#{place} left"] += 1
  else abort "Millrace answered #{answer.code}: #{answer.body}. Run this again when that is mended."
  end
end

Net::HTTP.start(API.host, API.port, use_ssl: API.scheme == 'https') do |http|
  [['scheduled', Sidekiq::ScheduledSet], ['retries', Sidekiq::RetrySet]].each do |place, set|
    set.new.to_a.each { |job| move(http, job, place, job.at) if QUEUES.include?(job.queue) }
  end
  # Sidekiq lists the newest job first.
  QUEUES.each { |name| Sidekiq::Queue.new(name).to_a.reverse_each { |job| move(http, job, name) } }
end
$counts.each { |what, count| puts "#{what}: #{count}" }
exit($counts.keys.any? { |what| what.end_with?(' left') } ? 1 : 0)
