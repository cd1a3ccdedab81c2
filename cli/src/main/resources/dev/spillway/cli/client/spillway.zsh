#compdef spillway
# Completion of the spillway command for zsh: source <(spillway completion zsh), after compinit; or as the file _spillway in a folder of fpath.
_spillway() {
    local program
    local -a typed found
    typed=("${(@Q)words[1,CURRENT-1]}")
    program=$typed[1]
    shift typed
    found=("${(@f)$("${program/#\~/$HOME}" complete-line "$typed[@]" "$PREFIX" 2>/dev/null)}")
    found=(${found:#})
    if (( $#found )); then
        compadd -- "$found[@]"
    else
        _files
    fi
}
if [ "$funcstack[1]" = _spillway ]; then
    _spillway "$@"
else
    compdef _spillway spillway
fi
