
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'bluegreen' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'bluegreen'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'bluegreen' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set an app up: check it, and create what it needs')
            [CompletionResult]::new('deploy', 'deploy', [CompletionResultType]::ParameterValue, 'Start a new version, and make it live when the gate approves it')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what is live, and what is in progress')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'Show finished releases, and how they ended')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check whether the app can be released')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Approve the waiting candidate, and follow the release to its end')
            [CompletionResult]::new('abort', 'abort', [CompletionResultType]::ParameterValue, 'Delete the candidate; after the switch, switch back first')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Switch back to the previous version')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Run a complete release in a cluster inside this process')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of -o json, or of bluegreen.yaml')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell completion script')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bluegreen;init' {
            [CompletionResult]::new('--target-port', '--target-port', [CompletionResultType]::ParameterName, 'The Service''s target port, if the container has several')
            [CompletionResult]::new('--preview-host', '--preview-host', [CompletionResultType]::ParameterName, 'A host at which people outside can reach the candidate, or none')
            [CompletionResult]::new('--preview-tls-secret', '--preview-tls-secret', [CompletionResultType]::ParameterName, 'The Secret with a certificate for the preview host, or none')
            [CompletionResult]::new('--route', '--route', [CompletionResultType]::ParameterName, 'The route: ingress or service [default: ingress]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Settings to check and record: a bluegreen.yaml or a Flagger Canary; - for standard input')
            [CompletionResult]::new('--filename', '--filename', [CompletionResultType]::ParameterName, 'Settings to check and record: a bluegreen.yaml or a Flagger Canary; - for standard input')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--allow-policy-gap', '--allow-policy-gap', [CompletionResultType]::ParameterName, 'Continue if a policy does not apply to the candidate')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;deploy' {
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'The new image, or CONTAINER=IMAGE; may be repeated')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'A Deployment manifest, or settings; may be repeated')
            [CompletionResult]::new('--filename', '--filename', [CompletionResultType]::ParameterName, 'A Deployment manifest, or settings; may be repeated')
            [CompletionResult]::new('--webhook', '--webhook', [CompletionResultType]::ParameterName, 'The gate: asked until it answers 200, 201 or 202')
            [CompletionResult]::new('--webhook-secret-file', '--webhook-secret-file', [CompletionResultType]::ParameterName, 'Sign each request with the secret in this file')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Send the headers in this file, one per line: Name: value')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust only the CA certificates in this file (PEM) for the webhook')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Time between two requests to the gate [default: 10s]')
            [CompletionResult]::new('--threshold', '--threshold', [CompletionResultType]::ParameterName, 'Give up after N tries without approval [default: 60]')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'Give up after this time without approval')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check every change on the API server, write nothing')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Max. time to become ready, and for an outage to end [default: 10m]')
            [CompletionResult]::new('--drain', '--drain', [CompletionResultType]::ParameterName, 'Keep the old version this long after the switch [default: 30s]')
            [CompletionResult]::new('--bake', '--bake', [CompletionResultType]::ParameterName, 'Watch the new version this long, ready to switch back [default: 0s]')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'Wait instead of a probe, where none is possible [default: 10s]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'No gate: go live as soon as it is ready')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'No gate: go live as soon as it is ready')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Return when it is ready; promote or abort decides')
            [CompletionResult]::new('--detach', '--detach', [CompletionResultType]::ParameterName, 'Return when it is ready; promote or abort decides')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'End an unfinished release of another version first')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait for a release in progress, then start this one')
            [CompletionResult]::new('--keep-old', '--keep-old', [CompletionResultType]::ParameterName, 'Don''t scale the old version down to 0')
            [CompletionResult]::new('--no-keep-old', '--no-keep-old', [CompletionResultType]::ParameterName, 'Scale it down to 0, whatever a file or init says')
            [CompletionResult]::new('--allow-policy-gap', '--allow-policy-gap', [CompletionResultType]::ParameterName, 'Continue if a policy does not apply to the candidate')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;status' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Update it until interrupted')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Update it until interrupted')
            [CompletionResult]::new('--why', '--why', [CompletionResultType]::ParameterName, 'List the conditions of the next step, each with its present value')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;history' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;check' {
            [CompletionResult]::new('--route', '--route', [CompletionResultType]::ParameterName, 'Check as init with this route would [default: as recorded]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'Print the smallest Role that allows a release')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'With --role: also print a Role that allows querying both versions directly')
            [CompletionResult]::new('--allow-policy-gap', '--allow-policy-gap', [CompletionResultType]::ParameterName, 'Only warn if a policy does not apply to the candidate')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;promote' {
            [CompletionResult]::new('--release', '--release', [CompletionResultType]::ParameterName, 'Only this release; for scripts')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--when-ready', '--when-ready', [CompletionResultType]::ParameterName, 'Approve a candidate that is not ready yet; it goes live when it is')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;abort' {
            [CompletionResult]::new('--release', '--release', [CompletionResultType]::ParameterName, 'Only this release; for scripts')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'The reason, shown to others and in the history')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;rollback' {
            [CompletionResult]::new('--release', '--release', [CompletionResultType]::ParameterName, 'Undo only this release; for scripts')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Go back to the version of this release in the history')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Max. time to become ready, and for an outage to end [default: 10m]')
            [CompletionResult]::new('--drain', '--drain', [CompletionResultType]::ParameterName, 'Keep the old version this long after the switch [default: 30s]')
            [CompletionResult]::new('--bake', '--bake', [CompletionResultType]::ParameterName, 'Watch the new version this long, ready to switch back [default: 0s]')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Where to confirm the switch: [KIND/NAME=]URL, auto or none [default: auto]')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'Wait instead of a probe, where none is possible [default: 10s]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--keep-old', '--keep-old', [CompletionResultType]::ParameterName, 'Don''t scale the old version down to 0')
            [CompletionResult]::new('--no-keep-old', '--no-keep-old', [CompletionResultType]::ParameterName, 'Scale it down to 0, whatever a file or init says')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;demo' {
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'Show a failure, and how it is handled')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Approve automatically, and exit when the release is over')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the kubeconfig on exit')
            [CompletionResult]::new('--open', '--open', [CompletionResultType]::ParameterName, 'Open the live page and the gate in a browser')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;schema' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;completions' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set an app up: check it, and create what it needs')
            [CompletionResult]::new('deploy', 'deploy', [CompletionResultType]::ParameterValue, 'Start a new version, and make it live when the gate approves it')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what is live, and what is in progress')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'Show finished releases, and how they ended')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check whether the app can be released')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Approve the waiting candidate, and follow the release to its end')
            [CompletionResult]::new('abort', 'abort', [CompletionResultType]::ParameterValue, 'Delete the candidate; after the switch, switch back first')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Switch back to the previous version')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Run a complete release in a cluster inside this process')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of -o json, or of bluegreen.yaml')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell completion script')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bluegreen;help;init' {
            break
        }
        'bluegreen;help;deploy' {
            break
        }
        'bluegreen;help;status' {
            break
        }
        'bluegreen;help;history' {
            break
        }
        'bluegreen;help;check' {
            break
        }
        'bluegreen;help;promote' {
            break
        }
        'bluegreen;help;abort' {
            break
        }
        'bluegreen;help;rollback' {
            break
        }
        'bluegreen;help;demo' {
            break
        }
        'bluegreen;help;schema' {
            break
        }
        'bluegreen;help;completions' {
            break
        }
        'bluegreen;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
