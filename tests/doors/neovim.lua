-- Opens a file with the language server on, applies a quick fix, saves, and says what it saw.
local python, file, title = os.getenv("PEFT_LINT_PYTHON"), os.getenv("PEFT_LINT_FILE"), os.getenv("PEFT_LINT_TITLE")
local function finish(code) vim.cmd("cquit " .. code) end
local function await(what, condition)
  if not vim.wait(60000, condition, 20) then
    io.stderr:write("waited in vain for " .. what .. "\n")
    finish(3)
  end
end

vim.cmd.edit(file)
vim.bo.filetype = "python"
vim.lsp.start({ name = "peft-lint", cmd = { python, "-m", "peft_lint", "server" }, root_dir = vim.fs.dirname(file) })
await("diagnostics", function() return #vim.diagnostic.get(0) > 0 end)
for _, found in ipairs(vim.diagnostic.get(0)) do
  local text = vim.api.nvim_buf_get_text(0, found.lnum, found.col, found.end_lnum, found.end_col, {})
  print(found.code .. "\t" .. table.concat(text, "\n"))
end
local first = vim.diagnostic.get(0)[1]
vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
local before = vim.api.nvim_buf_get_changedtick(0)
vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title == title end })
await("the fix", function() return vim.api.nvim_buf_get_changedtick(0) > before end)
await("no diagnostics", function() return #vim.diagnostic.get(0) == 0 end)
vim.cmd.write()
finish(0)
