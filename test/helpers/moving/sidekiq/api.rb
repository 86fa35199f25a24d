# Stands for Sidekiq's API: its Redis is jobs.json, with a list of jobs for each place, the newest first.
require 'json'

module Sidekiq
  STORE = 'jobs.json'

  class Entry
    attr_reader :item, :at

    def initialize(place, stored)
      @place, @item, @at = place, stored['item'], stored['at'] && Time.at(stored['at'])
    end

    def jid = item['jid']
    def queue = item['queue']
    def display_class = item['class']
    def display_args = item['args']

    def delete
      store = JSON.parse(File.read(STORE))
      store[@place].reject! { |stored| stored['item']['jid'] == jid }
      File.write(STORE, JSON.generate(store))
    end
  end

  class Place
    include Enumerable

    def initialize(place) = @place = place
    def each(&block) = JSON.parse(File.read(STORE))[@place].map { |stored| Entry.new(@place, stored) }.each(&block)
  end

  class Queue < Place
    def self.all = JSON.parse(File.read(STORE)).keys.grep_v(/^(schedule|retry)$/).map { |name| new(name) }
    def name = @place
  end

  class ScheduledSet < Place
    def initialize = super('schedule')
  end

  class RetrySet < Place
    def initialize = super('retry')
  end
end
