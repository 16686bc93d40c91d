# Completion of tt-sweep, tt-submit and tt-comm for bash: the tool itself knows its words. File names are bash's own.
_tt_complete() {
  mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _tt_complete tt-sweep tt-submit tt-comm
