
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
            cand init 'Check the app, and make the Services and the record it needs'
            cand deploy 'Start a new version, and make it live when the gate says yes'
            cand status 'Show what is live, and what is in progress'
            cand history 'Show the releases that are over, and how they ended'
            cand check 'Say whether the app can be released as it is'
            cand promote 'Approve the waiting candidate, and follow the release to its end'
            cand abort 'Destroy the candidate; after the switch, switch back first'
            cand rollback 'Make the version live again that was before this one'
            cand demo 'Run a whole release in a cluster of its own, inside this process'
            cand schema 'Print the JSON Schema of what -o json prints, or of bluegreen.yaml'
            cand completions 'Print a script that completes this command line in a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bluegreen;init'= {
            cand --target-port 'The container port behind the Service, where the app has several'
            cand --preview-host 'A host under which people outside can see the candidate, or none'
            cand --preview-tls-secret 'The Secret with a certificate for the preview host, or none'
            cand -f 'Settings to record, and to check: a bluegreen.yaml or a Flagger Canary; - for standard input'
            cand --filename 'Settings to record, and to check: a bluegreen.yaml or a Flagger Canary; - for standard input'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --allow-policy-gap 'Go on where a policy would not hold for the candidate'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;deploy'= {
            cand --image 'The new image, or CONTAINER=IMAGE; may be repeated'
            cand -f 'A Deployment''s manifest, or settings; may be repeated'
            cand --filename 'A Deployment''s manifest, or settings; may be repeated'
            cand --webhook 'The gate: asked until it answers 200, 201 or 202'
            cand --webhook-secret-file 'Sign each question with the secret in this file'
            cand --header-file 'Send the headers in this file along, each on a line: Name: value'
            cand --ca-file 'Trust the certificates in this file (PEM) with the webhook, and no others'
            cand --interval 'Between two questions to the gate [default: 10s]'
            cand --threshold 'Give up after N times without a yes [default: 60]'
            cand --deadline 'Give up after this long without a yes'
            cand --dry-run 'Have every change checked, and write nothing'
            cand --timeout 'For getting ready, and for outages [default: 10m]'
            cand --drain 'Keep the old version when the switch has arrived [default: 30s]'
            cand --bake 'Watch the new version this long, ready to go back [default: 0s]'
            cand --probe 'Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]'
            cand --settle 'For the ingress controller, where nothing can be asked [default: 10s]'
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
            cand --wait 'Wait for a release that is in progress, then start this one'
            cand --keep-old 'Don''t put the old version away'
            cand --no-keep-old 'Put it away, whatever a file or init says'
            cand --allow-policy-gap 'Go on where a policy would not hold for the candidate'
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
            cand -w 'Keep it current until interrupted'
            cand --watch 'Keep it current until interrupted'
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
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --role 'Print the smallest Role that allows a release'
            cand --probe 'With --role: print a second one too, which lets both versions be asked directly'
            cand --allow-policy-gap 'Only warn of a policy that would not hold for the candidate'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;promote'= {
            cand --release 'Only this release; for scripts'
            cand --probe 'Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --when-ready 'Approve a candidate that is not ready yet: it goes live when it is'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;abort'= {
            cand --release 'Only this release; for scripts'
            cand --reason 'Why, for the others and for the history'
            cand --probe 'Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]'
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
            cand --release 'Only to undo this release; for scripts'
            cand --to 'To the version of this release of the history'
            cand --timeout 'For getting ready, and for outages [default: 10m]'
            cand --drain 'Keep the old version when the switch has arrived [default: 30s]'
            cand --bake 'Watch the new version this long, ready to go back [default: 0s]'
            cand --probe 'Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]'
            cand --settle 'For the ingress controller, where nothing can be asked [default: 10s]'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --keep-old 'Don''t put the old version away'
            cand --no-keep-old 'Put it away, whatever a file or init says'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bluegreen;demo'= {
            cand --fault 'Show what goes wrong, and what becomes of it'
            cand -n 'The app''s namespace; by default the kubeconfig''s'
            cand --namespace 'The app''s namespace; by default the kubeconfig''s'
            cand --context 'The context of the kubeconfig to use'
            cand --kubeconfig 'By default $KUBECONFIG, then ~/.kube/config'
            cand --as 'The user to impersonate'
            cand -o 'human, or json: one event a line'
            cand --output 'human, or json: one event a line'
            cand --color 'Colours: auto, always or never'
            cand --yes 'Ask nobody: the gate says yes by itself, and the demo ends'
            cand --keep 'Leave the kubeconfig when it ends'
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
            cand init 'Check the app, and make the Services and the record it needs'
            cand deploy 'Start a new version, and make it live when the gate says yes'
            cand status 'Show what is live, and what is in progress'
            cand history 'Show the releases that are over, and how they ended'
            cand check 'Say whether the app can be released as it is'
            cand promote 'Approve the waiting candidate, and follow the release to its end'
            cand abort 'Destroy the candidate; after the switch, switch back first'
            cand rollback 'Make the version live again that was before this one'
            cand demo 'Run a whole release in a cluster of its own, inside this process'
            cand schema 'Print the JSON Schema of what -o json prints, or of bluegreen.yaml'
            cand completions 'Print a script that completes this command line in a shell'
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
