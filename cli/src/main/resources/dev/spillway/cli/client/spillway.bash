# Completion of the spillway command for bash: source <(spillway completion bash)
_spillway() {
    local word part kept words=() last=-1
    # Readline breaks words at = and :, the command does not.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [ "$last" -ge 0 ] && { [[ $word == [=:]* ]] || [[ ${words[last]} == *[=:] ]]; }; then
            words[last]+=$word
        else
            words+=("$word")
            last=$((last + 1))
        fi
    done
    part=${COMP_WORDS[COMP_CWORD]}
    [[ $part == [=:] ]] && part=
    kept=${words[last]%"$part"}
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY+=("${word#"$kept"}")
    done < <("${COMP_WORDS[0]/#\~/$HOME}" complete-line "${words[@]}" 2>/dev/null)
}
complete -o default -F _spillway spillway
