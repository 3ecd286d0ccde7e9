
use builtin;
use str;

set edit:completion:arg-completer[bluegreen] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'bluegreen'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'bluegreen'= {
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand init 'Set an app up: check it, and create what it needs'
            cand deploy 'Start a new version, and make it live when the gate approves it'
            cand status 'Show what is live, and what is in progress'
            cand history 'Show finished releases, and how they ended'
            cand check 'Check whether the app can be released'
            cand promote 'Approve the waiting candidate, and follow the release to its end'
            cand abort 'Delete the candidate; after the switch, switch back first'
            cand rollback 'Switch back to the previous version'
            cand demo 'Run a complete release in a cluster inside this process'
            cand schema 'Print the JSON Schema of -o json, or of bluegreen.yaml'
            cand completions 'Print a shell completion script'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bluegreen;init'= {
            cand --target-port 'The Service''s target port, if the container has several'
            cand --preview-host 'A host at which people outside can reach the candidate, or none'
            cand --preview-tls-secret 'The Secret with a certificate for the preview host, or none'
            cand --route 'The route: ingress or service [default: ingress]'
            cand -f 'Settings to check and record: a bluegreen.yaml or a Flagger Canary; - for standard input'
            cand --filename 'Settings to check and record: a bluegreen.yaml or a Flagger Canary; - for standard input'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --allow-policy-gap 'Continue if a policy does not apply to the candidate'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;deploy'= {
            cand --image 'The new image, or CONTAINER=IMAGE; may be repeated'
            cand -f 'A Deployment manifest, or settings; may be repeated'
            cand --filename 'A Deployment manifest, or settings; may be repeated'
            cand --webhook 'The gate: asked until it answers 200, 201 or 202'
            cand --webhook-secret-file 'Sign each request with the secret in this file'
            cand --header-file 'Send the headers in this file, one per line: Name: value'
            cand --ca-file 'Trust only the CA certificates in this file (PEM) for the webhook'
            cand --interval 'Time between two requests to the gate [default: 10s]'
            cand --threshold 'Give up after N tries without approval [default: 60]'
            cand --deadline 'Give up after this time without approval'
            cand --dry-run 'Check every change on the API server, write nothing'
            cand --timeout 'Max. time to become ready, and for an outage to end [default: 10m]'
            cand --drain 'Keep the old version this long after the switch [default: 30s]'
            cand --bake 'Watch the new version this long, ready to switch back [default: 0s]'
            cand --probe 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]'
            cand --settle 'Wait instead of a probe, where none is possible [default: 10s]'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand -y 'No gate: go live as soon as it is ready'
            cand --yes 'No gate: go live as soon as it is ready'
            cand -d 'Return when it is ready; promote or abort decides'
            cand --detach 'Return when it is ready; promote or abort decides'
            cand --replace 'End an unfinished release of another version first'
            cand --wait 'Wait for a release in progress, then start this one'
            cand --keep-old 'Don''t scale the old version down to 0'
            cand --no-keep-old 'Scale it down to 0, whatever a file or init says'
            cand --allow-policy-gap 'Continue if a policy does not apply to the candidate'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;status'= {
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand -w 'Update it until interrupted'
            cand --watch 'Update it until interrupted'
            cand --why 'List the conditions of the next step, each with its present value'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;history'= {
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;check'= {
            cand --route 'Check as init with this route would [default: as recorded]'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --role 'Print the smallest Role that allows a release'
            cand --probe 'With --role: also print a Role that allows querying both versions directly'
            cand --allow-policy-gap 'Only warn if a policy does not apply to the candidate'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;promote'= {
            cand --release 'Only this release; for scripts'
            cand --probe 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --when-ready 'Approve a candidate that is not ready yet; it goes live when it is'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;abort'= {
            cand --release 'Only this release; for scripts'
            cand --reason 'The reason, shown to others and in the history'
            cand --probe 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;rollback'= {
            cand --release 'Undo only this release; for scripts'
            cand --to 'Go back to the version of this release in the history'
            cand --timeout 'Max. time to become ready, and for an outage to end [default: 10m]'
            cand --drain 'Keep the old version this long after the switch [default: 30s]'
            cand --bake 'Watch the new version this long, ready to switch back [default: 0s]'
            cand --probe 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]'
            cand --settle 'Wait instead of a probe, where none is possible [default: 10s]'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --keep-old 'Don''t scale the old version down to 0'
            cand --no-keep-old 'Scale it down to 0, whatever a file or init says'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;demo'= {
            cand --fault 'Show a failure, and how it is handled'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --yes 'Approve automatically, and exit when the release is over'
            cand --keep 'Keep the kubeconfig on exit'
            cand --open 'Open the live page and the gate in a browser'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;schema'= {
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;completions'= {
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;help'= {
            cand init 'Set an app up: check it, and create what it needs'
            cand deploy 'Start a new version, and make it live when the gate approves it'
            cand status 'Show what is live, and what is in progress'
            cand history 'Show finished releases, and how they ended'
            cand check 'Check whether the app can be released'
            cand promote 'Approve the waiting candidate, and follow the release to its end'
            cand abort 'Delete the candidate; after the switch, switch back first'
            cand rollback 'Switch back to the previous version'
            cand demo 'Run a complete release in a cluster inside this process'
            cand schema 'Print the JSON Schema of -o json, or of bluegreen.yaml'
            cand completions 'Print a shell completion script'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bluegreen;help;init'= {
        }
        &'bluegreen;help;deploy'= {
        }
        &'bluegreen;help;status'= {
        }
        &'bluegreen;help;history'= {
        }
        &'bluegreen;help;check'= {
        }
        &'bluegreen;help;promote'= {
        }
        &'bluegreen;help;abort'= {
        }
        &'bluegreen;help;rollback'= {
        }
        &'bluegreen;help;demo'= {
        }
        &'bluegreen;help;schema'= {
        }
        &'bluegreen;help;completions'= {
        }
        &'bluegreen;help;help'= {
        }
    ]
    $completions[$command]
}
