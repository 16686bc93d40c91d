#compdef tt-sweep tt-submit tt-comm
# Completion for zsh: the tool itself knows its words. File names are offered where it knows none.
local -a found
found=(${(f)"$(${words[1]} --complete ${words[2,CURRENT]} 2>/dev/null)"})
if (( ${#found} )); then
  compadd -a found
else
  _files
fi
