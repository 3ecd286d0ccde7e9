
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
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Check the app, and make the Services and the record it needs')
            [CompletionResult]::new('deploy', 'deploy', [CompletionResultType]::ParameterValue, 'Start a new version, and make it live when the gate says yes')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what is live, and what is in progress')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'Show the releases that are over, and how they ended')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say whether the app can be released as it is')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Approve the waiting candidate, and follow the release to its end')
            [CompletionResult]::new('abort', 'abort', [CompletionResultType]::ParameterValue, 'Destroy the candidate; after the switch, switch back first')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Make the version live again that was before this one')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Run a whole release in a cluster of its own, inside this process')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of what -o json prints, or of bluegreen.yaml')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a script that completes this command line in a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bluegreen;init' {
            [CompletionResult]::new('--target-port', '--target-port', [CompletionResultType]::ParameterName, 'The container port behind the Service, where the app has several')
            [CompletionResult]::new('--preview-host', '--preview-host', [CompletionResultType]::ParameterName, 'A host under which people outside can see the candidate, or none')
            [CompletionResult]::new('--preview-tls-secret', '--preview-tls-secret', [CompletionResultType]::ParameterName, 'The Secret with a certificate for the preview host, or none')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Settings to record, and to check: a bluegreen.yaml or a Flagger Canary; - for standard input')
            [CompletionResult]::new('--filename', '--filename', [CompletionResultType]::ParameterName, 'Settings to record, and to check: a bluegreen.yaml or a Flagger Canary; - for standard input')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--allow-policy-gap', '--allow-policy-gap', [CompletionResultType]::ParameterName, 'Go on where a policy would not hold for the candidate')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;deploy' {
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'The new image, or CONTAINER=IMAGE; may be repeated')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'A Deployment''s manifest, or settings; may be repeated')
            [CompletionResult]::new('--filename', '--filename', [CompletionResultType]::ParameterName, 'A Deployment''s manifest, or settings; may be repeated')
            [CompletionResult]::new('--webhook', '--webhook', [CompletionResultType]::ParameterName, 'The gate: asked until it answers 200, 201 or 202')
            [CompletionResult]::new('--webhook-secret-file', '--webhook-secret-file', [CompletionResultType]::ParameterName, 'Sign each question with the secret in this file')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Send the headers in this file along, each on a line: Name: value')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this file (PEM) with the webhook, and no others')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Between two questions to the gate [default: 10s]')
            [CompletionResult]::new('--threshold', '--threshold', [CompletionResultType]::ParameterName, 'Give up after N times without a yes [default: 60]')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'Give up after this long without a yes')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Have every change checked, and write nothing')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'For getting ready, and for outages [default: 10m]')
            [CompletionResult]::new('--drain', '--drain', [CompletionResultType]::ParameterName, 'Keep the old version when the switch has arrived [default: 30s]')
            [CompletionResult]::new('--bake', '--bake', [CompletionResultType]::ParameterName, 'Watch the new version this long, ready to go back [default: 0s]')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'For the ingress controller, where nothing can be asked [default: 10s]')
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
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait for a release that is in progress, then start this one')
            [CompletionResult]::new('--keep-old', '--keep-old', [CompletionResultType]::ParameterName, 'Don''t put the old version away')
            [CompletionResult]::new('--no-keep-old', '--no-keep-old', [CompletionResultType]::ParameterName, 'Put it away, whatever a file or init says')
            [CompletionResult]::new('--allow-policy-gap', '--allow-policy-gap', [CompletionResultType]::ParameterName, 'Go on where a policy would not hold for the candidate')
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
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Keep it current until interrupted')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Keep it current until interrupted')
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
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'Print the smallest Role that allows a release')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'With --role: print a second one too, which lets both versions be asked directly')
            [CompletionResult]::new('--allow-policy-gap', '--allow-policy-gap', [CompletionResultType]::ParameterName, 'Only warn of a policy that would not hold for the candidate')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;promote' {
            [CompletionResult]::new('--release', '--release', [CompletionResultType]::ParameterName, 'Only this release; for scripts')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--when-ready', '--when-ready', [CompletionResultType]::ParameterName, 'Approve a candidate that is not ready yet: it goes live when it is')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;abort' {
            [CompletionResult]::new('--release', '--release', [CompletionResultType]::ParameterName, 'Only this release; for scripts')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, for the others and for the history')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]')
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
            [CompletionResult]::new('--release', '--release', [CompletionResultType]::ParameterName, 'Only to undo this release; for scripts')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'To the version of this release of the history')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'For getting ready, and for outages [default: 10m]')
            [CompletionResult]::new('--drain', '--drain', [CompletionResultType]::ParameterName, 'Keep the old version when the switch has arrived [default: 30s]')
            [CompletionResult]::new('--bake', '--bake', [CompletionResultType]::ParameterName, 'Watch the new version this long, ready to go back [default: 0s]')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Confirm the switch there: [KIND/NAME=]URL, auto or none [default: auto]')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'For the ingress controller, where nothing can be asked [default: 10s]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--keep-old', '--keep-old', [CompletionResultType]::ParameterName, 'Don''t put the old version away')
            [CompletionResult]::new('--no-keep-old', '--no-keep-old', [CompletionResultType]::ParameterName, 'Put it away, whatever a file or init says')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bluegreen;demo' {
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'Show what goes wrong, and what becomes of it')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The app''s namespace; by default the kubeconfig''s')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the kubeconfig to use')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'By default $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user to impersonate')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'human, or json: one event a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours: auto, always or never')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Ask nobody: the gate says yes by itself, and the demo ends')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Leave the kubeconfig when it ends')
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
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Check the app, and make the Services and the record it needs')
            [CompletionResult]::new('deploy', 'deploy', [CompletionResultType]::ParameterValue, 'Start a new version, and make it live when the gate says yes')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what is live, and what is in progress')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'Show the releases that are over, and how they ended')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say whether the app can be released as it is')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Approve the waiting candidate, and follow the release to its end')
            [CompletionResult]::new('abort', 'abort', [CompletionResultType]::ParameterValue, 'Destroy the candidate; after the switch, switch back first')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Make the version live again that was before this one')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Run a whole release in a cluster of its own, inside this process')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of what -o json prints, or of bluegreen.yaml')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a script that completes this command line in a shell')
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
