#!/usr/bin/env perl
# A Millrace worker: one job at a time, run several for more. Perl 5.14 or newer, nothing to install.
use strict; use warnings; use HTTP::Tiny; use IO::Select; use JSON::PP; use Sys::Hostname;
my ($url, $lease_ms) = ($ENV{MILLRACE_URL} // 'http://127.0.0.1:3000', $ENV{LEASE_MS} // 30_000);
my ($busy, $stopping);
my %tasks = (upper => sub {
    my ($payload) = @_;
    select undef, undef, undef, ($payload->{sleepMs} // 0) / 1000;
    $payload->{fail} ? die "told to fail\n" : return { text => uc $payload->{text} };
});
sub post {    # Returns status and answer; no answer at all is a 599.
    my ($path, $body, $seconds) = @_;
    my %top = ('content-type' => 'application/json', authorization => 'Bearer ' . ($ENV{MILLRACE_KEY} // ''));
    my %message = (content => encode_json($body), headers => \%top);
    my $answer = HTTP::Tiny->new(timeout => $seconds // 10)->post($url . $path, \%message);
    return ($answer->{status}, eval { decode_json $answer->{content} } // { detail => $answer->{content} });
}
sub work { my ($job, $lease) = @_;    # The job runs in a child, which prints what became of it.
    my $pid = open(my $pipe, '-|') // die "no child: $!";
    exit print eval { encode_json { result => $tasks{ $job->{task} }->($job->{payload}) } }
        // encode_json { error => { message => "$@" } } if !$pid;
    until (IO::Select->new($pipe)->can_read($lease_ms / 3000)) {
        my ($status, $answer) = post("/leases/$lease/heartbeat", {});
        kill KILL => $pid if $status == 409 || grep { $_ eq $job->{id} } @{ $answer->{cancel} // [] };
    }
    my $said = eval { decode_json join '', <$pipe> } // { error => { message => 'stopped' } };
    my ($path, $code, $answer) = "/jobs/$job->{id}/" . ($said->{error} ? 'fail' : 'complete');
    my $end = time + $lease_ms / 1000;    # Then the lease has ended, and others have the job.
    sleep 1 until (($code, $answer) = post($path, { lease => $lease, %$said })) && $code < 500 || time > $end;
    warn "$path: $code $answer->{detail}\n" if $code != 200;    # 409: it is lost, others have it.
}
$SIG{TERM} = sub { $busy ? $stopping = 1 : exit };    # Cuts a poll short; a job in hand is finished first.
my %wish = (queues => [split /,/, $ENV{QUEUES} // 'default'], tasks => [keys %tasks], waitMs => 30_000,
    leaseMs => 0 + $lease_ms, worker => "perl-$$\@" . hostname);
until ($stopping) {
    my ($status, $taken) = post('/leases', \%wish, 40);
    $busy = 1;
    work($_, $taken->{lease}) for @{ $taken->{jobs} // [] };
    $busy = 0;
    $status < 500 ? exit 1 : sleep 1 if $status != 200 && warn "$status $taken->{detail}\n";    # 4xx: final
}
