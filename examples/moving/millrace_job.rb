# Stands for Sidekiq::Job in classes that submit to Millrace. Ruby 3.0 or newer, nothing to install.
%w[json net/http openssl securerandom].each { |library| require library }

# Include it in a class with `perform`. Its name is the task, and the list of its arguments the payload.
module MillraceJob
  API = URI(ENV['MILLRACE_URL'] || 'http://127.0.0.1:3000')
  AWAY = [SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::OpenSSLError].freeze
  TRIES = 5
  CLASSES = []

  def self.included(base)
    base.extend(Submits)
    CLASSES << base
  end

  # The tasks of all these classes by their names, for examples/workers/worker.rb.
  def self.tasks
    CLASSES.to_h { |job| [job.name, ->(arguments) { job.new.perform(*arguments) }] }
  end

  # Waits up to a minute for the end of a job; returns the job as it is then.
  def self.wait(id)
    request(Net::HTTP::Get.new("/jobs/#{id}?wait=60"))
  end

  # A repeat after a lost answer stores nothing twice: its Idempotency-Key is the same.
  def self.submit(path, body)
    post = Net::HTTP::Post.new(path, 'content-type' => 'application/json', 'idempotency-key' => SecureRandom.uuid)
    post.body = JSON.generate(body)
    request(post)
  end

  def self.request(message)
    message['authorization'] = "Bearer #{ENV['MILLRACE_KEY']}"
    answer = exchange(message)
    answer.is_a?(Net::HTTPSuccess) ? JSON.parse(answer.body) : raise("#{answer.code}: #{answer.body}")
  end

  def self.exchange(message)
    (1..TRIES).each do |attempt|
      answer = Net::HTTP.start(API.host, API.port, use_ssl: API.scheme == 'https', read_timeout: 90) { |http| http.request(message) }
      return answer if attempt == TRIES || answer.code != '503'
      sleep attempt
    rescue *AWAY
      attempt == TRIES ? raise : sleep(attempt)
    end
  end
  private_class_method :exchange

  # What the class itself gets. Each method returns the stored job, or the jobs.
  module Submits
    # Any option of POST /jobs, such as `queue`, `attempts`, `priority`, `unique`.
    def millrace_options(options = nil)
      options.nil? ? (@millrace_options || {}) : @millrace_options = options
    end

    def perform_async(*arguments) = MillraceJob.submit('/jobs', job(arguments))
    def perform_in(seconds, *arguments) = MillraceJob.submit('/jobs', job(arguments, delay: (seconds * 1000).to_i))
    def perform_at(time, *arguments) = MillraceJob.submit('/jobs', job(arguments, runAt: time.utc.strftime('%FT%T.%LZ')))

    # Stores a thousand jobs in each step: all of them or none.
    def perform_bulk(lists)
      lists.each_slice(1_000).flat_map do |some|
        MillraceJob.submit('/jobs/batch?atomic=true', { jobs: some.map { |arguments| job(arguments) } })['items']
      end
    end

    private

    def job(arguments, time = {}) = { task: name, payload: arguments, **millrace_options, **time }
  end
end
