# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_bluegreen_global_optspecs
    string join \n n/namespace= context= kubeconfig= as= o/output= color= h/help V/version
end

function __fish_bluegreen_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_bluegreen_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_bluegreen_using_subcommand
    set -l cmd (__fish_bluegreen_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c bluegreen -n "__fish_bluegreen_needs_command" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_needs_command" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_needs_command" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_needs_command" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_needs_command" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_needs_command" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -s V -l version -d 'Print version'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "init" -d 'Set an app up: check it, and create what it needs'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "deploy" -d 'Start a new version, and make it live when the gate approves it'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "status" -d 'Show what is live, and what is in progress'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "history" -d 'Show finished releases, and how they ended'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "check" -d 'Check whether the app can be released'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "promote" -d 'Approve the waiting candidate, and follow the release to its end'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "abort" -d 'Delete the candidate; after the switch, switch back first'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "rollback" -d 'Switch back to the previous version'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "demo" -d 'Run a complete release in a cluster inside this process'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "schema" -d 'Print the JSON Schema of -o json, or of bluegreen.yaml'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "completions" -d 'Print a shell completion script'
complete -c bluegreen -n "__fish_bluegreen_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l target-port -d 'The Service\'s target port, if the container has several' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l preview-host -d 'A host at which people outside can reach the candidate, or none' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l preview-tls-secret -d 'The Secret with a certificate for the preview host, or none' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l route -d 'The route: ingress or service [default: ingress]' -r -f -a "ingress\t''
service\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -s f -l filename -d 'Settings to check and record: a bluegreen.yaml or a Flagger Canary; - for standard input' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -l allow-policy-gap -d 'Continue if a policy does not apply to the candidate'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l image -d 'The new image, or CONTAINER=IMAGE; may be repeated' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -s f -l filename -d 'A Deployment manifest, or settings; may be repeated' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l webhook -d 'The gate: asked until it answers 200, 201 or 202' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l webhook-secret-file -d 'Sign each request with the secret in this file' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l header-file -d 'Send the headers in this file, one per line: Name: value' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l ca-file -d 'Trust only the CA certificates in this file (PEM) for the webhook' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l interval -d 'Time between two requests to the gate [default: 10s]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l threshold -d 'Give up after N tries without approval [default: 60]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l deadline -d 'Give up after this time without approval' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l dry-run -d 'Check every change on the API server, write nothing' -r -f -a "server\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l timeout -d 'Max. time to become ready, and for an outage to end [default: 10m]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l drain -d 'Keep the old version this long after the switch [default: 30s]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l bake -d 'Watch the new version this long, ready to switch back [default: 0s]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l probe -d 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l settle -d 'Wait instead of a probe, where none is possible [default: 10s]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -s y -l yes -d 'No gate: go live as soon as it is ready'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -s d -l detach -d 'Return when it is ready; promote or abort decides'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l replace -d 'End an unfinished release of another version first'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l wait -d 'Wait for a release in progress, then start this one'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l keep-old -d 'Don\'t scale the old version down to 0'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l no-keep-old -d 'Scale it down to 0, whatever a file or init says'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -l allow-policy-gap -d 'Continue if a policy does not apply to the candidate'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand deploy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -s w -l watch -d 'Update it until interrupted'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -l why -d 'List the conditions of the next step, each with its present value'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand history" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand history" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand history" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand history" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand history" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand history" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -l route -d 'Check as init with this route would [default: as recorded]' -r -f -a "ingress\t''
service\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -l role -d 'Print the smallest Role that allows a release'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -l probe -d 'With --role: also print a Role that allows querying both versions directly'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -l allow-policy-gap -d 'Only warn if a policy does not apply to the candidate'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -l release -d 'Only this release; for scripts' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -l probe -d 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -l when-ready -d 'Approve a candidate that is not ready yet; it goes live when it is'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -l release -d 'Only this release; for scripts' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -l reason -d 'The reason, shown to others and in the history' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -l probe -d 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand abort" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l release -d 'Undo only this release; for scripts' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l to -d 'Go back to the version of this release in the history' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l timeout -d 'Max. time to become ready, and for an outage to end [default: 10m]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l drain -d 'Keep the old version this long after the switch [default: 30s]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l bake -d 'Watch the new version this long, ready to switch back [default: 0s]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l probe -d 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l settle -d 'Wait instead of a probe, where none is possible [default: 10s]' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l keep-old -d 'Don\'t scale the old version down to 0'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -l no-keep-old -d 'Scale it down to 0, whatever a file or init says'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -l fault -d 'Show a failure, and how it is handled' -r -f -a "crash\t'The candidate\'s pods crash'
reject\t'The gate says no'
hang\t'The driver is killed, and another takes over'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -l yes -d 'Approve automatically, and exit when the release is over'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -l keep -d 'Keep the kubeconfig on exit'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -l open -d 'Open the live page and the gate in a browser'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand schema" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand schema" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand schema" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand schema" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand schema" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand schema" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand completions" -s n -l namespace -d 'The app\'s namespace; by default the kubeconfig\'s' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand completions" -l context -d 'The context of the kubeconfig to use' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand completions" -l kubeconfig -d 'By default $KUBECONFIG, then ~/.kube/config' -r -F
complete -c bluegreen -n "__fish_bluegreen_using_subcommand completions" -l as -d 'The user to impersonate' -r
complete -c bluegreen -n "__fish_bluegreen_using_subcommand completions" -s o -l output -d 'human, or json: one event a line' -r -f -a "human\t'Lines for people: progress on stderr, the result on stdout'
json\t'One JSON object a line on stdout'"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand completions" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c bluegreen -n "__fish_bluegreen_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "init" -d 'Set an app up: check it, and create what it needs'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "deploy" -d 'Start a new version, and make it live when the gate approves it'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "status" -d 'Show what is live, and what is in progress'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "history" -d 'Show finished releases, and how they ended'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "check" -d 'Check whether the app can be released'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "promote" -d 'Approve the waiting candidate, and follow the release to its end'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "abort" -d 'Delete the candidate; after the switch, switch back first'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "rollback" -d 'Switch back to the previous version'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "demo" -d 'Run a complete release in a cluster inside this process'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "schema" -d 'Print the JSON Schema of -o json, or of bluegreen.yaml'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "completions" -d 'Print a shell completion script'
complete -c bluegreen -n "__fish_bluegreen_using_subcommand help; and not __fish_seen_subcommand_from init deploy status history check promote abort rollback demo schema completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
