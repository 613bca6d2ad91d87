" Opens a file with ALE and the settings of the page, fixes it, saves, and says what it saw.
set encoding=utf-8 nomore noswapfile viminfo=
filetype plugin on
packadd ale
execute 'source ' . fnameescape($PEFT_LINT_SETTINGS)
let g:ale_linters = {'python': ['peft-lint']}

function! Say(line) abort
  call writefile([a:line], 'seen', 'a')
endfunction

function! Await(what, Condition) abort
  let start = reltime()
  while !a:Condition()
    if reltimefloat(reltime(start)) > 60
      call Say('waited in vain for ' . a:what)
      cquit
    endif
    sleep 20m
  endwhile
endfunction

function! Found() abort
  return get(get(g:ale_buffer_info, bufnr(''), {}), 'loclist', [])
endfunction

execute 'edit ' . fnameescape($PEFT_LINT_FILE)
ALELint
call Await('diagnostics', {-> !empty(Found())})
for found in Found()
  " Columns are of bytes by now.
  call Say(found.code . "\t" . found.type . "\t" . getline(found.lnum)[found.col - 1 : found.end_col - 1])
endfor
let g:before = b:changedtick
ALEFix
call Await('the fix', {-> b:changedtick > g:before})
call Await('no diagnostics', {-> empty(Found())})
write
qall!
