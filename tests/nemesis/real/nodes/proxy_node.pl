# A node that passes whatever clients ask on to a service of the network, by its name:
#     perl proxy_node.pl lin-kv
use strict;
use warnings;
use JSON::PP;

my $service = $ARGV[0];
my $json = JSON::PP->new->canonical;
my ($name, $next_id, %asked) = ('', 0);
$| = 1;

sub send_to {
    my ($dest, $body) = @_;
    print $json->encode({src => $name, dest => $dest, body => $body}), "\n";
}

while (my $line = <STDIN>) {
    my $message = $json->decode($line);
    my $body = $message->{body};
    if ($body->{type} eq 'init') {
        $name = $body->{node_id};
        send_to($message->{src}, {type => 'init_ok', in_reply_to => $body->{msg_id}});
    } elsif ($message->{src} eq $service) {
        my $asked = delete $asked{$body->{in_reply_to}} or next;
        send_to($asked->[0], {%$body, in_reply_to => $asked->[1]});
    } else {
        $asked{++$next_id} = [$message->{src}, $body->{msg_id}];
        send_to($service, {%$body, msg_id => $next_id});
    }
}
