# SPDX-License-Identifier: MIT
#
# fish: what sockproxy and its commands take.  The program itself knows; here its words go to it and its
# candidates come back (src/client/complete.h).

function __sockproxy_complete
    set -l words (commandline --cut-at-cursor --tokenize --current-process)
    set -l typed (commandline --cut-at-cursor --current-token)
    set -l program $words[1]
    # The words before it come without their quotes, the one being typed comes as it is.
    set -l plain (string unescape -- (string trim --left --chars="'\"" -- "$typed"))
    for line in ($program complete -- $words[2..-1] "$plain" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $typed
            case ':*'
            case '*'
                echo $line
        end
    end
end

complete --command sockproxy --no-files --keep-order --arguments '(__sockproxy_complete)'
