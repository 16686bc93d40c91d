# Completion of tt-sweep, tt-submit and tt-comm for fish: the tool itself knows its words.
function __tt_complete
    set -l words (commandline -opc)
    $words[1] --complete $words[2..-1] (commandline -ct) 2>/dev/null
end
for tool in tt-sweep tt-submit tt-comm
    complete -c $tool -a '(__tt_complete)'
end
