# fish completion for prockit. It asks the program what there is, and holds no option names.

# Complete a value by its metavar, each candidate behind a prefix. FILE|null is all its parts.
function __prockit_value -a metavar current prefix subcommand
    for part in (string split '|' -- $metavar)
        switch $part
            case FILE
                printf '%s\n' $prefix(__fish_complete_path "$current")
            case DIR
                printf '%s\n' $prefix(__fish_complete_directories "$current" '')
            case COMMAND
                printf '%s\n' $prefix(complete -C "$current")
            case SIGNAL
                printf '%s\n' $prefix(kill -l | string match -ra '[A-Z][A-Z0-9]+' | string replace -r '^SIG' '')
            case PID
                printf '%s\n' $prefix(__fish_complete_pids)
            case NAME NAME=VALUE
                printf '%s\n' $prefix(set -nx)
            case USER
                printf '%s\n' $prefix(__fish_complete_users | string match -- "$current*")
            case TOPIC
                printf '%s\n' $prefix(prockit __topics $subcommand 2>/dev/null)
            case COLUMN
                # The last of a list; a + or - before a name is no part of it.
                set -l before (string match -r -- '^(?:.*,)?[-+]?' "$current")
                printf '%s\n' $prefix$before(prockit __columns $subcommand 2>/dev/null | sort -u)
            case SUBCOMMAND
                printf '%s\n' $prefix(prockit __subcommands 2>/dev/null)
            case '*'
                string match -qr '^[a-z]' -- $part; and printf '%s\n' $prefix$part
        end
    end
end

# The metavar of option $name (--word or -x), if it takes the next word; the table is the rest.
function __prockit_takes_word -a name
    for line in $argv[2..]
        set -l field (string split \t -- $line)
        if test "$name" = "$field[1]" -o "$name" = "$field[2]"
            echo $field[3]
            test "$field[4]" = required
            return
        end
    end
    return 1
end

# The metavar of the option whose value is the word behind this word of options.
function __prockit_option_word -a word
    switch $word
        case '--*=*'
            return 1
        case '--*'
            __prockit_takes_word $word $argv[2..]
        case '*'
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for i in (seq (count $letters))
                if set -l metavar (__prockit_takes_word -$letters[$i] $argv[2..])
                    test $i = (count $letters); and echo $metavar
                    return
                end
            end
            return 1
    end
end

function __prockit_names
    for line in $argv
        set -l field (string split \t -- $line)
        if test -n "$field[1]"
            test "$field[4]" = required; and set field[1] $field[1]=
            printf '%s\t%s\n' $field[1] $field[5]
        end
        test -n "$field[2]"; and printf '%s\t%s\n' $field[2] $field[5]
    end
end

# Complete operands: what they are, the word so far, and those before it.
function __prockit_operands -a operands current subcommand
    set -l before $argv[4..]
    switch $operands
        case 'COMMAND*'
            # Each stage of a pipeline is a command; items are mostly files.
            if string match -q '*::: ITEM*' -- $operands; and string match -q ':::*' -- $before
                __prockit_value FILE "$current" '' $subcommand
                return
            else if string match -q '*::: COMMAND*' -- $operands
                while set -l i (contains -i -- ::: $before)
                    set -e before[1..$i]
                end
            end
            set -l escaped (string escape -- $before) "$current"
            complete -C (string join ' ' -- $escaped)
        case '*'
            set -l first (string match -r '[^\[\]. ]+' -- $operands | string replace PATH FILE)
            __prockit_value "$first" "$current" '' $subcommand
    end
end

function __prockit_complete
    set -l words (commandline -opc)[2..]
    set -l current (commandline -ct)
    set -l table (prockit __options 2>/dev/null)
    set -l subcommand
    set -l operands
    set -l ended no
    while set -q words[1]
        set -l word $words[1]
        if test $word = -- -a $ended = no
            set ended yes
        else if test $ended = no; and string match -qr -- '^-.' $word
            if set -l metavar (__prockit_option_word $word $table)
                if not set -q words[2]
                    test -n "$metavar"; and __prockit_value $metavar "$current" '' $subcommand
                    return
                end
                test -n "$metavar"; and set -e words[1]
            end
        else if not set -q subcommand[1]
            set subcommand $word
            set ended no
            set table (prockit __options $subcommand 2>/dev/null); or return
            set operands (prockit __operands $subcommand 2>/dev/null)
        else if not contains -- permute $operands[2..]
            break
        end
        set -e words[1]
    end

    if not set -q words[1]; and test $ended = no; and string match -q -- '-*' $current
        if string match -q -- '--*=*' $current
            set -l part (string split -m 1 = -- $current)
            set -l metavar (__prockit_takes_word $part[1] $table)
            __prockit_value "$metavar" "$part[2]" "$part[1]=" $subcommand
        else
            __prockit_names $table
        end
    else if not set -q subcommand[1]
        prockit __subcommands 2>/dev/null
    else
        __prockit_operands "$operands[1]" "$current" $subcommand $words
    end
end

complete -c prockit -f -a '(__prockit_complete)'
